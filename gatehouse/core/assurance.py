"""How well somebody proved who they are: classes, from weakest to strongest (acr). Pure."""

from collections.abc import Sequence

PWD = "pwd"  # noqa: S105 - a class
MFA = "mfa"
PHISHING_RESISTANT = "phr"  # OpenID Connect Extended Authentication Profile ACR values
LEVELS = (PWD, MFA, PHISHING_RESISTANT)
RANKS = {name: rank for rank, name in enumerate(LEVELS)} | {"phishing-resistant": 2}
# RFC 8176: what is proven by something other than a password.
SECOND = frozenset({"otp", "hwk", "swk", "sms", "mfa"})
HARDWARE = frozenset({"hwk", "swk"})
# What makes two factors of a key that only somebody who is present can use.
WITH_A_KEY = frozenset({"pwd", "pin", "bio", "mfa"})


def acr_of(amr: Sequence[str]) -> str:
    """The class that these methods (RFC 8176) reach."""
    methods = set(amr)
    if methods & HARDWARE and methods & WITH_A_KEY:
        return PHISHING_RESISTANT
    if methods & SECOND and ("pwd" in methods or len(methods & SECOND) > 1):
        return MFA
    return PWD


def reaches(acr: str, wanted: str) -> bool:
    """Whether ``acr`` is as strong as ``wanted``; what we do not know is never reached."""
    return wanted in RANKS and acr in RANKS and RANKS[acr] >= RANKS[wanted]
