"""The settings of a client that are objects: claims of its own, and what it may exchange. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from gatehouse.clients.rules.words import RESERVED_CLAIMS

CLAIM = re.compile(r"[A-Za-z][A-Za-z0-9_.:/\-]{0,99}")
CONSTANT = "constant"
# What is known of a person, by the names of oidc_provider/rules/claims.py.
SOURCES = (
    *("name", "picture", "email", "email_verified", "preferred_username", "updated_at"),
    *("roles", "groups", "org_id", "org_name", "org_role", CONSTANT),
)
PLACES = ("id_token", "userinfo", "access_token")
LONGEST_VALUE = 500
EXCHANGE_PARTS = ("subject_clients", "audiences", "scopes")
MOST = 50


def mapper_problem(mapper: Mapping[str, Any]) -> str:  # noqa: PLR0911 - a list
    """``{"claim": "department", "source": "groups", "in": ["userinfo"]}``, or a ``constant`` with
    its ``value``.
    """
    if not {"claim", "source", "in"} <= mapper.keys() <= {"claim", "source", "in", "value"}:
        return 'Must be like {"claim": "team", "source": "groups", "in": ["userinfo"]}.'
    claim, source, places = mapper["claim"], mapper["source"], mapper["in"]
    if not isinstance(claim, str) or not CLAIM.fullmatch(claim):
        return "claim must be a word of letters, digits and _ . : / -, at most 100."
    if claim in RESERVED_CLAIMS:
        return f"claim must not be {claim}: that one is ours alone."
    if source not in SOURCES:
        return f"source must be one of: {', '.join(SOURCES)}."
    if not isinstance(places, list) or not places or not _each_once(places, PLACES):
        return f"in must be a list of: {', '.join(PLACES)}."
    if (source == CONSTANT) != ("value" in mapper):
        return "value goes with the source constant, and with no other."
    return _value_problem(mapper["value"]) if "value" in mapper else ""


def _each_once(found: list[Any], allowed: tuple[str, ...]) -> bool:
    return all(isinstance(one, str) and one in allowed for one in found) and len(set(found)) == len(
        found
    )


def _value_problem(value: Any) -> str:
    """Text, true, false, a whole number, or a list of texts."""
    if isinstance(value, list):
        is_right = len(value) <= MOST and all(isinstance(one, str) for one in value)
    else:
        is_right = isinstance(value, str | bool) or (isinstance(value, int) and abs(value) < 2**53)
    size = sum(map(len, value)) if isinstance(value, list) and is_right else len(str(value))
    if is_right and size <= LONGEST_VALUE:
        return ""
    return f"value must be text, a number, true, false or a list of texts, {LONGEST_VALUE} at most."


def exchange_problem(policy: Mapping[str, Any]) -> str:
    """``{"subject_clients": [...], "audiences": [...], "scopes": [...]}`` (RFC 8693)."""
    if set(policy) != set(EXCHANGE_PARTS):
        return f"Must be an object of {', '.join(EXCHANGE_PARTS)}, and nothing else."
    for name in EXCHANGE_PARTS:
        found = policy[name]
        is_right = isinstance(found, list) and len(found) <= MOST
        if not is_right or not all(_is_word(one) for one in found):
            return f"{name} must be a list of at most {MOST} texts without blanks."
    return ""


def _is_word(one: Any) -> bool:
    return (
        isinstance(one, str)
        and 0 < len(one) <= LONGEST_VALUE
        and re.fullmatch(r"[\x21-\x7e]+", one) is not None
    )
