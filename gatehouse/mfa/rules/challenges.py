"""Challenges that tell by themselves what they are for, whose answer counts, and until when. Pure.

Nothing is kept of one until it is answered, so whoever only asks for one fills no table.
"""

import hmac
from hashlib import sha256

LIFE = 300  # seconds
RANDOM, TIME, SUBJECT, MAC = 16, 4, 16, 16  # bytes
LENGTH = RANDOM + TIME + SUBJECT + MAC
ANYBODY = bytes(SUBJECT)


def challenge(key: str, purpose: str, subject: bytes, *, now: float, random: bytes) -> bytes:
    """One for ``purpose``, which names the session or the browser as well; ``subject`` is whose
    passkeys may answer, ``ANYBODY``'s or those of a keyed name.
    """
    body = random[:RANDOM] + (int(now) + LIFE).to_bytes(TIME) + subject
    return body + _seal(key, purpose, body)


def is_ours(given: bytes, key: str, purpose: str, *, now: float) -> bool:
    """Whether we made it for that, and it has not run out."""
    body, seal = given[:-MAC], given[-MAC:]
    if len(given) != LENGTH or not hmac.compare_digest(seal, _seal(key, purpose, body)):
        return False
    return now < int.from_bytes(body[RANDOM : RANDOM + TIME])


def subject_of(given: bytes) -> bytes:
    """Whose passkeys may answer a challenge of ours."""
    return given[RANDOM + TIME : -MAC]


def _seal(key: str, purpose: str, body: bytes) -> bytes:
    text = b"passkey challenge:" + purpose.encode() + b"\0" + body
    return hmac.digest(key.encode(), text, sha256)[:MAC]
