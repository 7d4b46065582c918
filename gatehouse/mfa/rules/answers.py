"""What an authenticator's answer says before any key is looked at (WebAuthn 7.1, 7.2). Pure.

The library asks the same again. Here each reason has a name, and none of them tells whether there
is such a passkey.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import orjson

from gatehouse.core.base64url import decode
from gatehouse.core.json_text import read_json

CREATE, GET = "webauthn.create", "webauthn.get"
PRESENT, VERIFIED = 0x01, 0x04  # flags of authenticator data (WebAuthn 6.1)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # Left out where UTF-8 is decoded (WebAuthn 7.1, 5).
HASH = 32  # bytes
SHORTEST = HASH + 1 + 4  # the hash of the RP id, flags, counter


class Fault(StrEnum):
    """Why an answer is refused, as a word for programs."""

    MALFORMED = "malformed"
    TYPE = "wrong_type"
    CHALLENGE = "wrong_challenge"
    ORIGIN = "wrong_origin"
    FRAME = "in_a_frame"
    RP = "wrong_rp_id"
    ABSENT = "user_not_present"
    UNVERIFIED = "user_not_verified"
    UNFIT = "not_verified"
    SIGNATURE = "not_accepted"
    COUNTER = "counter_went_back"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer must be for: a ceremony, of ``rp_id``, on a page of one of ``origins``."""

    type: str
    rp_id: str
    origins: Collection[str]
    verified: bool = False


def challenge_in(client_data: bytes) -> bytes:
    """The challenge that the browser says it answers; empty if that cannot be read."""
    found = _read(client_data).get("challenge")
    try:
        return decode(found) if isinstance(found, str) else b""
    except ValueError:
        return b""


def fault_in_client_data(client_data: bytes, expected: Expected) -> Fault | None:
    """What is wrong with the browser's part. A page in a frame of another site is not asked."""
    said = _read(client_data)
    if not isinstance(said.get("type"), str) or not isinstance(said.get("origin"), str):
        return Fault.MALFORMED
    if said["type"] != expected.type:
        return Fault.TYPE
    if said["origin"] not in expected.origins:
        return Fault.ORIGIN
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        return Fault.FRAME
    return None


def fault_in_authenticator_data(data: bytes, expected: Expected) -> Fault | None:
    """What is wrong with the authenticator's part: whom it is for, and who was there."""
    if len(data) < SHORTEST:
        return Fault.MALFORMED
    if data[:HASH] != sha256(expected.rp_id.encode()).digest():
        return Fault.RP
    if not data[HASH] & PRESENT:
        return Fault.ABSENT
    if expected.verified and not data[HASH] & VERIFIED:
        return Fault.UNVERIFIED
    return None


def counted_back(known: int, told: int) -> bool:
    """Whether a counter did not rise, so that there may be a copy (WebAuthn 6.1.1). Passkeys that
    are synced count nothing: 0 each time.
    """
    return (known > 0 or told > 0) and told <= known


def _read(client_data: bytes) -> dict[str, Any]:
    try:
        said = read_json(client_data.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
