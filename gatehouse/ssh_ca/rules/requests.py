"""What somebody asks to be signed. Pure."""

from dataclasses import dataclass
from datetime import datetime

RSA = "ssh-rsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key, and what is known of it. ``type`` is the word that begins its blob."""

    type: str
    bits: int
    is_fido: bool
    verified_at: datetime | None
    expires_at: datetime | None = None
    proved_with_pin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Whom a certificate is asked for and how, at ``now``. What is None was not asked for.

    ``clamp`` takes the longest life that there is where more is asked for. ``ip`` is where the
    request comes from. ``mfa_time`` is when a second factor was used last; ``auth_time``, the
    sign-in's, is told for the record alone: how old it may be is decided before.
    """

    key: Key
    now: datetime
    principals: tuple[str, ...] | None = None
    ttl_seconds: int | None = None
    source_addresses: tuple[str, ...] | None = None
    extensions: tuple[str, ...] | None = None
    clamp: bool = False
    ip: str | None = None
    auth_time: datetime | None = None
    mfa_time: datetime | None = None

    @property
    def second(self) -> datetime:
        """The second that it is: certificates count in whole ones."""
        return self.now.replace(microsecond=0)
