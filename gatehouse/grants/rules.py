"""Refresh tokens as text, and what becomes of one that is shown. Pure."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from gatehouse.core.tokens import ALPHABET, base62, checksum

PREFIX = "grt_"
BODY_BYTES = 16 + 4 + 32  # family, generation, MAC
BODY_LENGTH = 70  # characters of that in base 62
LENGTH = len(PREFIX) + BODY_LENGTH + 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A refresh token that was shown to us, taken apart."""

    family_id: UUID
    generation: int
    mac: bytes


def mint(secret_key: str, family_id: UUID, generation: int, salt: bytes) -> str:
    """The token of a generation: whoever has the rows alone, or the key alone, has none."""
    mac = mac_of(secret_key, family_id, generation, salt)
    body = family_id.bytes + generation.to_bytes(4, "big") + mac
    text = PREFIX + base62(int.from_bytes(body, "big"), BODY_LENGTH)
    return text + checksum(text)


def read(token: str) -> Shown | None:
    """Take a token apart, if it can be one of ours. Its MAC is for whoever knows the salt."""
    is_whole = len(token) == LENGTH and token.isascii() and token.startswith(PREFIX)
    if not is_whole or token[-6:] != checksum(token[:-6]):
        return None
    number = 0
    for digit in token[len(PREFIX) : -6]:
        value = ALPHABET.find(digit)
        if value < 0:
            return None
        number = number * len(ALPHABET) + value
    if number >= 1 << (8 * BODY_BYTES):
        return None
    body = number.to_bytes(BODY_BYTES, "big")
    return Shown(UUID(bytes=body[:16]), int.from_bytes(body[16:20], "big"), body[20:])


def mac_of(secret_key: str, family_id: UUID, generation: int, salt: bytes) -> bytes:
    body = b"gatehouse refresh\n" + family_id.bytes + generation.to_bytes(4, "big") + salt
    return hmac.new(secret_key.encode(), body, sha256).digest()


class Verdict(StrEnum):
    """``turn`` to the next generation, ``keep`` it as it is, give the ``same`` successor once more,
    refuse what is ``over``, or end the family: it is ``reuse``.
    """

    TURN = "turn"
    KEEP = "keep"
    SAME = "same"
    OVER = "over"
    REUSE = "reuse"


@dataclass(frozen=True, slots=True)
class Family:
    """What of a family decides."""

    generation: int
    rotated_at: datetime | None
    idle_expires_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def verdict(
    family: Family, generation: int, now: datetime, *, grace: timedelta, rotates: bool
) -> Verdict:
    """What becomes of a genuine token of this generation.

    The grace counts from the rotation alone; with none, every second presentation is a reuse, also
    one whose request began before the rotation.
    """
    if family.revoked_at is not None or now >= min(family.expires_at, family.idle_expires_at):
        return Verdict.OVER
    if generation == family.generation:
        return Verdict.TURN if rotates else Verdict.KEEP
    is_last = generation == family.generation - 1 and family.rotated_at is not None
    if grace and is_last and family.rotated_at and now < family.rotated_at + grace:
        return Verdict.SAME
    return Verdict.REUSE
