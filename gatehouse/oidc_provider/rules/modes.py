"""How a client may hear from us: response modes, plain and signed (JARM 2.3). Pure."""

from collections.abc import Sequence

PLAIN = ("query", "fragment", "form_post")
SIGNED = ("jwt", "query.jwt", "fragment.jwt", "form_post.jwt")
MODES = (*PLAIN, *SIGNED)


def carrier_of(mode: str) -> str:
    """The plain mode that carries the answer; ``jwt`` is the default of the code flow."""
    return "query" if mode == "jwt" else mode.removesuffix(".jwt")


def may_use(mode: str, listed: Sequence[str]) -> bool:
    """Whether a client that listed these modes may use one. What is signed says no less than what
    is not, so whoever may use the one may use the other, but not the other way round.
    """
    if mode not in MODES:
        return False
    if mode in SIGNED:
        return bool({mode, carrier_of(mode)} & set(listed)) or _is_same_signed(mode, listed)
    return mode in listed


def _is_same_signed(mode: str, listed: Sequence[str]) -> bool:
    return mode in ("jwt", "query.jwt") and bool({"jwt", "query.jwt"} & set(listed))


def usual_mode(listed: Sequence[str]) -> str:
    """The mode of a request that names none: query, unless the client does not use that."""
    known = [mode for mode in listed if mode in MODES]
    return "query" if "query" in known or not known else known[0]
