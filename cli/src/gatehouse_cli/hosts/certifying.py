"""Certificates of this machine's own keys: asked for, looked at, and kept."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatehouse_cli import ssh_keys
from gatehouse_cli.certificates import Certificate, parsed
from gatehouse_cli.failures import Failure, Refused
from gatehouse_cli.hosts import proofs
from gatehouse_cli.hosts.failures import NotGood
from gatehouse_cli.hosts.programs import run, ssh_keygen
from gatehouse_cli.hosts.server import SKEW, post
from gatehouse_cli.hosts.sshd import certificate_of, certificates_in
from gatehouse_cli.hosts.state import ANEW, State
from gatehouse_cli.ssh_keys import PublicKey

NO_MORE = (
    "{key} gets no certificate any more: the organization has revoked this key. Make another one,"
    " and enrol this machine anew."
)
OTHER_KEYS = f"This machine has other keys than those that were enrolled. {ANEW}"
# Why the server refuses one key of a host that has others.
REVOKED = "key_revoked"
NOT_THIS_KEY = {REVOKED, "replaced"}


def renewed(state: State) -> dict[Path, bytes]:
    """New certificates for all keys, by a signature of one of them. Nothing is written.

    Raises Refused, NotGood, Unreachable.
    """
    here = keys_here(state)
    if not here:
        raise Failure(OTHER_KEYS)
    told = _renewed_by(state, *here).get("renewed")
    return certificates_for(here, told, state.names, state.host_ca)


def _renewed_by(state: State, key: PublicKey, *others: PublicKey) -> Any:
    """What the server answers to the first of these keys that is still good."""
    asked: Any = post(state.server, "renew", {"host_id": state.host_id}).get("challenge")
    signature = proofs.signature(asked, key, server=state.server, purpose=proofs.RENEWAL)
    body = {"host_id": state.host_id, "nonce": asked.get("nonce"), "signature": signature}
    try:
        return post(state.server, "renew", body)
    except Refused as refused:
        if not others or refused.details.get("reason") not in NOT_THIS_KEY:
            raise
    return _renewed_by(state, *others)


def keys_here(state: State) -> list[PublicKey]:
    """Those that were enrolled, and are what they were."""
    return _here(state.keys)


def revoked_here(state: State) -> list[PublicKey]:
    """Those that the organization has revoked, until somebody makes others."""
    return _here(state.revoked)


def gone_from(state: State) -> list[Path]:
    """The certificates of enrolled keys that are not here any more, or are others. While there is
    a private key alone, sshd shows it with its certificate as before.
    """
    shown = {path_of(key) for key in keys_here(state)}
    shown |= {Path(certificate_of(key)) for key in state.keys if _is_private_alone(key)}
    return [path for path in map(Path, certificates_in(state)) if path not in shown]


def _is_private_alone(key: str) -> bool:
    return not Path(key).exists() and Path(key.removesuffix(".pub")).exists()


def _here(lines: Mapping[str, str]) -> list[PublicKey]:
    found = []
    for path, line in lines.items():
        key = public_key(Path(path))
        if key is not None and key.text.split()[:2] == line.split():
            found.append(key)
    return found


def public_key(path: Path) -> PublicKey | None:
    try:
        return ssh_keys.parsed(path.read_text("utf-8").strip(), path)
    except (OSError, UnicodeDecodeError):
        return None


def certificates_for(
    keys: Sequence[PublicKey], told: Any, names: Sequence[str], host_ca: Sequence[str]
) -> dict[Path, bytes]:
    """The certificates in an answer, as files beside the keys that they are for.

    Raises NotGood if one is not for this machine, or if there is none for any of these keys.
    """
    try:
        lines = [one["certificate"].strip() for one in told["certificates"]]
        found = {certificate.key_blob: line for line, certificate in _parsed(lines)}
    except (KeyError, TypeError, AttributeError, ValueError):
        found = {}
    files = {path_of(key): found[key.blob] for key in keys if key.blob in found}
    if not files:
        raise NotGood("The server gave something else than certificates for these keys.")
    for line in files.values():
        _check(parsed(line), names, host_ca)
    _read_by_openssh(list(files.values()))
    return {path: f"{line}\n".encode() for path, line in files.items()}


def path_of(key: PublicKey) -> Path:
    return Path(certificate_of(str(key.path)))


def _parsed(lines: Sequence[str]) -> list[tuple[str, Certificate]]:
    if not all(line.isprintable() for line in lines):
        raise ValueError
    return [(line, parsed(line)) for line in lines]


def _check(found: Certificate, names: Sequence[str], host_ca: Sequence[str]) -> None:
    """It says of this machine what the server says of it."""
    authorities = [ssh_keys.parsed(line) for line in host_ca]
    now = time.time()
    if found.kind != "host" or sorted(found.principals) != sorted(names):
        raise NotGood("The server gave a certificate that is not for this machine.")
    if found.ca_blob not in [key.blob for key in authorities if key]:
        raise NotGood("The server gave a certificate that none of the authorities signed.")
    if not found.valid_after - SKEW <= now < found.valid_before:
        raise NotGood("The server gave a certificate that is not valid now. Is the clock right?")


def _read_by_openssh(lines: Sequence[str]) -> None:
    """OpenSSH looks at the signature when it reads one."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as place:
        path = Path(place) / "cert.pub"
        for line in lines:
            path.write_text(f"{line}\n")
            if run(ssh_keygen(), "-L", "-f", path).returncode:
                raise NotGood("The server gave a certificate that OpenSSH does not read.")


def lives(state: State) -> Mapping[Path, Certificate | None]:
    """What certificates there are for the keys of this machine, by their files."""
    return {path: _read(path) for path in map(path_of, keys_here(state))}


def _read(path: Path) -> Certificate | None:
    try:
        return parsed(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
