"""What a key is good for, and what is signed to prove it. Pure."""

import shlex
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NAMESPACE = "ssh-key-verify@gatehouse"  # of the signature (PROTOCOL.sshsig, "namespace")


class KeyState(StrEnum):
    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    EXPIRED = "expired"


def state_of(verified_at: datetime | None, expires_at: datetime | None, now: datetime) -> KeyState:
    """An expired key stays so, proved or not."""
    if expires_at is not None and expires_at <= now:
        return KeyState.EXPIRED
    return KeyState.UNVERIFIED if verified_at is None else KeyState.VERIFIED


@dataclass(frozen=True, slots=True)
class Challenge:
    """What somebody signs. ``text`` says what it is good for, so that it is no use elsewhere."""

    text: str
    expires_at: datetime

    @property
    def command(self) -> str:
        """What signs it, on the machine that has the key."""
        says = f"printf %s {shlex.quote(self.text)}"
        return f"{says} | ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/YOUR_KEY"


def challenge(
    *, server: str, account: str, fingerprint: str, secret: str, expires_at: datetime
) -> Challenge:
    lines = (
        "Gatehouse: this SSH key is mine.",
        f"server: {server}",
        f"account: {account}",
        f"key: {fingerprint}",
        f"challenge: {secret}",
        f"until: {expires_at:%Y-%m-%dT%H:%M:%SZ}",
    )
    return Challenge("\n".join(lines), expires_at)
