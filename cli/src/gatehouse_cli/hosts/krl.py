"""The revocation list: fetched, and looked at before sshd sees it.

sshd lets nobody in by a key while it cannot read this file (sshd_config(5), RevokedKeys).
"""

import struct
import tempfile
from pathlib import Path
from typing import NamedTuple

from gatehouse_cli.hosts.failures import NotGood
from gatehouse_cli.hosts.programs import run, ssh_keygen
from gatehouse_cli.hosts.server import fetched

NAMESPACE = "krl@gatehouse"
SIGNER = "gatehouse"
# PROTOCOL.krl, 1: magic, format, version, when it was generated.
HEAD = struct.Struct(">8sIQQ")
MAGIC, FORMAT = b"SSHKRL\n\0", 1
TRIES = 3


class Age(NamedTuple):
    """Lists are compared by when they were generated, in seconds since 1970."""

    generated: int
    version: int


def age_of(raw: bytes) -> Age:
    """Raises NotGood for what is no revocation list."""
    try:
        magic, form, version, generated = HEAD.unpack_from(raw)
    except struct.error:
        magic = b""
    if magic != MAGIC or form != FORMAT:
        raise NotGood("What came is no revocation list.")
    return Age(generated, version)


def fetch(url: str, signer: str) -> tuple[bytes, Age]:
    """The list of now, signed by the key that is known here.

    Raises NotGood, and Unreachable where it cannot be had.
    """
    for _ in range(TRIES):
        krl, version = fetched(url)
        signature, its_version = fetched(f"{url}.sig")
        # Another list may have come in between.
        if version == its_version:
            break
    _check(krl, signature, signer)
    return krl, age_of(krl)


def refuse_older(age: Age, known: Age, version: int) -> None:
    """Raises NotGood for a list before the one that is known, or before this version of it."""
    if age < known or age.version < version:
        raise NotGood(f"The revocation list that came is older ({age.version}) than is known.")


def _check(krl: bytes, signature: bytes, signer: str) -> None:
    """Whether this key signed it, and whether OpenSSH can read it to its end."""
    program = ssh_keygen()
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as place:
        folder = Path(place)
        file, allowed, signed = (folder / name for name in ("krl", "allowed", "krl.sig"))
        file.write_bytes(krl)
        signed.write_bytes(signature)
        allowed.write_text(f'{SIGNER} namespaces="{NAMESPACE}" {signer}\n')
        verify = ("-Y", "verify", "-f", allowed, "-I", SIGNER, "-n", NAMESPACE, "-s", signed)
        if run(program, *verify, given=krl).returncode:
            raise NotGood(
                "The revocation list is not signed by the key that was told at enrolment."
            )
        if run(program, "-Q", "-l", "-f", file).returncode:
            raise NotGood("OpenSSH cannot read the revocation list.")
