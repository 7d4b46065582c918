"""What an assertion has to say by which a client proves who it is (RFC 7523 3, OpenID Connect
Core 9). Pure.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gatehouse.core.jose import SKEW, is_number

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE = 300  # seconds
LONGEST_JTI = 255


class NotAccepted(ValueError):
    """``args[0]`` is the reason in one word."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What is left to be remembered of it: its name, until it ends (seconds since 1970)."""

    jti: str
    exp: int


def check_claims(
    claims: Mapping[str, Any], client_id: str, audiences: Collection[str], now: float
) -> Assertion:
    """Raise NotAccepted unless it is by this client, for us, and short-lived."""
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise NotAccepted("assertion_of_another")
    if not _is_for_us(claims.get("aud"), audiences):
        raise NotAccepted("assertion_for_another")
    exp, jti = claims.get("exp"), claims.get("jti")
    if not is_number(exp) or int(str(exp)) <= now:
        raise NotAccepted("assertion_expired")
    if int(str(exp)) > now + LONGEST_LIFE + SKEW:
        raise NotAccepted("assertion_lives_too_long")
    for name in ("iat", "nbf"):
        said = claims.get(name)
        if name in claims and (not is_number(said) or int(str(said)) > now + SKEW):
            raise NotAccepted("assertion_not_yet_valid")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise NotAccepted("assertion_without_jti")
    return Assertion(jti, int(str(exp)))


def _is_for_us(said: object, audiences: Collection[str]) -> bool:
    """Every address that it names must be ours, letter by letter. Where only our name as a string
    is taken (FAPI 2.0 5.3.2.1), ``audiences`` holds that alone, and a list never passes.
    """
    if isinstance(said, str):
        return said in audiences
    if len(audiences) == 1 or not isinstance(said, list) or not said:
        return False
    return all(isinstance(one, str) and one in audiences for one in said)
