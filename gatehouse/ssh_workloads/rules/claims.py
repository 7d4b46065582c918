"""Which claims a rule asks for, and whether a token has them. Pure.

A value is equal letter by letter, or has ``*``: that stands for one or more characters of one
part, and ``:`` and ``/`` stand between the parts. So no ``*`` reaches into a part that nobody
meant: ``repo:acme/*:ref:refs/heads/main`` is main of each repository of acme, not
``repo:acme/x:environment:y:ref:refs/heads/main``.
"""

import re
from collections.abc import Mapping
from typing import Any

from gatehouse.core.legible import is_legible

STAR = "*"
SEPARATORS = re.compile(r"([:/])")
NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
BLANK = re.compile(r"\s")
LONGEST = 512  # characters of a value
MOST = 16
# What is decided by itself (rules/tokens.py), or says nothing of who somebody is.
OWN = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "auth_time", "nonce", "typ"})
# Issuers who sign for everybody: without the name of an owner anybody there could come. Their
# subjects begin with the owner, however they were put together.
SHARED: Mapping[str, frozenset[str]] = {
    "https://token.actions.githubusercontent.com": frozenset(
        {"sub", "repository", "repository_id", "repository_owner", "repository_owner_id"}
    ),
    "https://gitlab.com": frozenset(
        {"sub", "project_path", "project_id", "namespace_path", "namespace_id"}
    ),
}
OWNED = re.compile(r"(repo|repository|project|namespace)(_owner)?(_path|_id)?:[^*:/]+([:/].*)?")


def claims_problem(issuer: str, claims: Mapping[str, str]) -> str:
    """What keeps a rule from asking for these claims."""
    if not 1 <= len(claims) <= MOST:
        return f"Say 1 to {MOST} claims besides the issuer, such as sub."
    for name, value in claims.items():
        if not NAME.fullmatch(name) or name in OWN:
            return "Name claims that say whose job it is, such as sub; iss and aud have a place."
        if found := _pattern_problem(value):
            return found
    if issuer in SHARED and not _names_an_owner(claims, SHARED[issuer]):
        names = ", ".join(sorted(SHARED[issuer]))
        return f"This issuer signs for everybody: say whose job it is, without *, by {names}."
    return ""


def unmatched(wanted: Mapping[str, str], claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the claims that a token does not have as a rule wants them.

    Of a list one element is enough. Numbers and flags are equal to no text.
    """
    return tuple(name for name, value in wanted.items() if not _has(value, claims.get(name)))


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as the pattern has it. As long as both together, whatever stands there."""
    wanted, found = SEPARATORS.split(pattern), SEPARATORS.split(text)
    return len(wanted) == len(found) and all(map(_is_like, wanted, found))


def _has(wanted: str, said: Any) -> bool:
    values = said if isinstance(said, list) else [said]
    return any(isinstance(value, str) and matches(wanted, value) for value in values)


def _is_like(wanted: str, found: str) -> bool:
    begin, star, end = wanted.partition(STAR)
    if not star:
        return wanted == found
    is_long_enough = len(found) > len(begin) + len(end)
    is_plain = is_legible(found) and not BLANK.search(found)
    return is_long_enough and is_plain and found.startswith(begin) and found.endswith(end)


def _pattern_problem(value: str) -> str:
    parts = SEPARATORS.split(value)
    if not 1 <= len(value) <= LONGEST or not is_legible(value):
        return f"Values are text of 1 to {LONGEST} characters that are seen."
    if any(part.count(STAR) > 1 for part in parts):
        return "Between : and / there is one * at most: it stands for one part, or some of it."
    if not any(set(part) - set("*:/") for part in parts):
        return "A value of * alone says nothing."
    return ""


def _names_an_owner(claims: Mapping[str, str], names: frozenset[str]) -> bool:
    return any(_is_owned(name, claims[name]) for name in names & claims.keys())


def _is_owned(name: str, value: str) -> bool:
    """Whether the first part, which is the owner, is said in full."""
    if name == "sub":
        return OWNED.fullmatch(value) is not None
    return STAR not in value.partition("/")[0]
