"""Public keys of hosts, and what is signed with them: read strictly, and refused in words."""

from collections.abc import Sequence
from typing import NoReturn

from gatehouse.core.context import Context
from gatehouse.core.openssh.bad_keys import BadKey, KeyFault
from gatehouse.core.openssh.keys import PublicKey, read_public_key
from gatehouse.core.openssh.layouts import RSA
from gatehouse.core.openssh.signatures import BadSignature
from gatehouse.core.openssh.sshsig import check_text, read_sent
from gatehouse.ssh_ca.queries import policy_of_organization
from gatehouse.ssh_certificates.queries import is_authority_key, is_revoked_key
from gatehouse.ssh_hosts.errors import (
    HostKeyRefused,
    HostKeyRevoked,
    HostKeyTaken,
    HostKeyUnsupported,
    HostKeyWeak,
    HostProofFailed,
)
from gatehouse.ssh_hosts.models import Host
from gatehouse.ssh_hosts.queries import keys_known
from gatehouse.ssh_hosts.rules.proofs import NAMESPACE, HostChallenge

KINDS: dict[KeyFault, type[HostKeyRefused]] = {
    KeyFault.UNKNOWN_TYPE: HostKeyUnsupported,
    KeyFault.DSA: HostKeyUnsupported,
    KeyFault.WEAK: HostKeyWeak,
}


def read_keys(ctx: Context, host: Host, lines: Sequence[str]) -> list[PublicKey]:
    """The keys that are to be certified for a host: sound, its own, and of no authority.

    Raises HostKeyRefused, HostKeyTaken.
    """
    keys = [_read(line, index) for index, line in enumerate(lines)]
    least = policy_of_organization(ctx, host.org_id).min_rsa_bits
    for index, key in enumerate(keys):
        if key.type == RSA and key.bits < least:
            raise HostKeyWeak(reason="weak", index=index, min_bits=least)
        if key in keys[:index]:
            raise HostKeyRefused(reason="twice", index=index)
        if is_authority_key(ctx, key.fingerprint):
            raise HostKeyRefused(reason="authority", index=index)
        if is_revoked_key(ctx, host.org_id, key.fingerprint):
            raise HostKeyRevoked(reason="revoked", index=index)
    _refuse_those_of_others(ctx, host, keys)
    return keys


def check_proofs(
    keys: Sequence[PublicKey], signatures: Sequence[str], challenge: HostChallenge
) -> None:
    """Each key has signed, in the order of the keys. Raises HostProofFailed."""
    for index, (key, signature) in enumerate(zip(keys, signatures, strict=True)):
        try:
            check_text(read_sent(signature), challenge.text, NAMESPACE, key=key)
        except BadSignature as error:
            raise HostProofFailed(str(error), reason=error.reason.value, index=index) from error


def signer_of_proof(signature: str, challenge: HostChallenge) -> PublicKey:
    """The key that has signed, whoever has it. Raises HostProofFailed."""
    try:
        signed = read_sent(signature)
        check_text(signed, challenge.text, NAMESPACE, key=signed.key)
    except BadSignature as error:
        raise HostProofFailed(str(error), reason=error.reason.value, index=0) from error
    return signed.key


def _read(line: str, index: int) -> PublicKey:
    try:
        key = read_public_key(line)
    except BadKey as error:
        _refuse(error, index)
    if key.is_fido:
        raise HostKeyUnsupported(reason="fido", index=index)
    return key


def _refuse(error: BadKey, index: int) -> NoReturn:
    kind = KINDS.get(error.reason, HostKeyRefused)
    raise kind(str(error), reason=error.reason.value, index=index) from error


def _refuse_those_of_others(ctx: Context, host: Host, keys: Sequence[PublicKey]) -> None:
    """A key that two machines have proves neither."""
    known = keys_known(ctx, host.org_id, [key.fingerprint for key in keys])
    taken = sorted(row.fingerprint for row in known if row.host_id != host.id)
    if taken:
        raise HostKeyTaken(fingerprints=taken)
