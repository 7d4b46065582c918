"""Patterns of hosts, as ssh reads them (ssh_config(5), PATTERNS)."""

import re
from collections.abc import Iterable, Sequence
from functools import cache


def matches(host: str, patterns: Sequence[str]) -> bool:
    """As ssh does: one has to match, and none that begins with ``!``."""
    against = (one[1:] for one in patterns if one.startswith("!"))
    return not any(_is_like(host, one) for one in against) and any(
        _is_like(host, one) for one in patterns
    )


def shared(ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    """Those of ``ours`` that some host matches which one of ``theirs`` matches, too. What either
    leaves out (``!``) is not looked at: it may be there for hosts of its own.
    """
    others = [one for one in theirs if not one.startswith("!")]
    mine = (one for one in ours if not one.startswith("!"))
    return [one for one in mine if any(_meet(one.lower(), other.lower()) for other in others)]


def _is_like(host: str, pattern: str) -> bool:
    wild = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, host.lower(), re.DOTALL) is not None


@cache
def _meet(one: str, other: str) -> bool:
    """Whether there is a text that both match."""
    if not one or not other:
        return not (one or other).strip("*")
    if one[0] == "*":
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == "*":
        return _meet(one, other[1:]) or _meet(one[1:], other)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _meet(one[1:], other[1:])
