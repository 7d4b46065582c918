"""What a host signs to prove its keys. Pure."""

from dataclasses import dataclass
from datetime import datetime

NAMESPACE = "ssh-host@gatehouse"  # of the signature (PROTOCOL.sshsig, "namespace")
COMMAND = f"ssh-keygen -Y sign -n {NAMESPACE} -f /etc/ssh/ssh_host_ed25519_key FILE"


@dataclass(frozen=True, slots=True)
class HostChallenge:
    """``text`` says what it is good for, so that it is no use elsewhere."""

    text: str
    expires_at: datetime


def enrolment(
    *, server: str, host: str, names: tuple[str, ...], secret: str, expires_at: datetime
) -> HostChallenge:
    """What is signed by every key of a host that is enrolled, under its names."""
    return _challenge(
        "Gatehouse: enrol this host.",
        f"server: {server}",
        f"host: {host}",
        f"names: {' '.join(names)}",
        f"nonce: {secret}",
        expires_at=expires_at,
    )


def renewal(*, server: str, host: str, nonce: str, expires_at: datetime) -> HostChallenge:
    """What is signed by one key of a host that wants new certificates."""
    return _challenge(
        "Gatehouse: renew the certificates of this host.",
        f"server: {server}",
        f"host: {host}",
        f"nonce: {nonce}",
        expires_at=expires_at,
    )


def _challenge(*lines: str, expires_at: datetime) -> HostChallenge:
    until = f"until: {expires_at:%Y-%m-%dT%H:%M:%SZ}"
    return HostChallenge("\n".join((*lines, until)), expires_at)
