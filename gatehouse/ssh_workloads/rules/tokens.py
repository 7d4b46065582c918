"""Tokens of jobs: what has to be right in them before anybody looks at who it is. Pure.

OpenID Connect Core 3.1.3.7, RFC 7519, RFC 8725.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from gatehouse.core.jose import ASYMMETRIC, SKEW, NotGenuine, Parts, is_number, read_of_others
from gatehouse.ssh_workloads.rules.issuers import may_be_issuer

TYPES = ("", "jwt")
ALGORITHMS = ASYMMETRIC
LONGEST_LIFE = 24 * 3600  # seconds, from iat to exp
LONGEST_TTL = 900  # seconds of a certificate
LONGEST_SUBJECT = 1024


class Fault(StrEnum):
    """What is wrong with a token, in one word, for the record."""

    MISSING = "missing"
    UNKNOWN_ORGANIZATION = "unknown_organization"
    MALFORMED = "malformed"
    TYPE = "type"
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    NO_KEYS = "no_keys"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    TOO_LONG = "too_long"
    NOT_YET = "not_yet"
    NO_TIMES = "no_times"
    SUBJECT = "subject"
    AUDIENCE = "audience"


class NotAccepted(ValueError):
    """``fault`` says why a token counts for nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Shown:
    """A token as it reads, before anybody knows whether it is genuine.

    ``digest`` is of what is signed, and not of the signature: ECDSA has two for the same.
    """

    text: str
    parts: Parts
    issuer: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """What a genuine token says. ``exp`` is in seconds since 1970."""

    subject: str
    audience: str
    exp: int
    claims: Mapping[str, Any]


def read_token(text: str) -> Shown:
    """Take a token apart, as far as anybody may say. Raises NotAccepted."""
    if not text:
        raise NotAccepted(Fault.MISSING)
    try:
        parts = read_of_others(text)
    except NotGenuine:
        raise NotAccepted(Fault.MALFORMED) from None
    if parts.typ not in TYPES:
        raise NotAccepted(Fault.TYPE)
    if parts.alg not in ALGORITHMS:
        raise NotAccepted(Fault.ALGORITHM)
    issuer = parts.claims.get("iss")
    if not may_be_issuer(issuer):
        raise NotAccepted(Fault.ISSUER)
    return Shown(text, parts, issuer, sha256(text.rpartition(".")[0].encode()).digest())


def job_of(claims: Mapping[str, Any], now: float) -> Job:
    """What the claims of a genuine token say. Raises NotAccepted."""
    exp = _checked_times(claims, now)
    subject = claims.get("sub")
    # PostgreSQL has no text for a NUL.
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise NotAccepted(Fault.SUBJECT)
    return Job(subject, _audience(claims.get("aud")), exp, claims)


def _checked_times(claims: Mapping[str, Any], now: float) -> int:
    end, begins = claims.get("exp"), [claims[n] for n in ("iat", "nbf") if n in claims]
    if not is_number(end) or "iat" not in claims or not all(map(is_number, begins)):
        raise NotAccepted(Fault.NO_TIMES)
    if end + SKEW <= now:
        raise NotAccepted(Fault.EXPIRED)
    if any(begin > now + SKEW for begin in begins):
        raise NotAccepted(Fault.NOT_YET)
    if end - claims["iat"] > LONGEST_LIFE:
        raise NotAccepted(Fault.TOO_LONG)
    return end


def _audience(said: Any) -> str:
    """The one that it is for. A token that is for others too could be passed on by them."""
    found = said[0] if isinstance(said, list) and len(said) == 1 else said
    if not isinstance(found, str):
        raise NotAccepted(Fault.AUDIENCE)
    return found
