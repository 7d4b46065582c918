"""What a client asks for in detail: the parameter authorization_details (RFC 9396 2). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import orjson

from gatehouse.clients.rules.shapes import misfit
from gatehouse.core.json_body import name_sent_twice
from gatehouse.core.json_text import DEEPEST, read_json
from gatehouse.oidc_provider.errors import InvalidAuthorizationDetails

LONGEST = 8192  # characters
MOST = 20
NO_LIST = f"It is a JSON array of 1 to {MOST} objects, at most {DEEPEST} levels deep."
# RFC 9396 2.2: what these hold is the same for every type.
LISTS = frozenset({"locations", "actions", "datatypes", "privileges"})
SORTED = orjson.OPT_SORT_KEYS


def details_of(
    text: str | None, types: Sequence[str], shapes: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], ...]:
    """The details, each of a type that the client may use, and of its shape where there is one.

    Raises InvalidAuthorizationDetails.
    """
    if text is None:
        return ()
    found = _list_of(text)
    for detail in found:
        _check(detail, types, shapes or {})
    return tuple(found)


def narrowed(
    text: str | None, granted: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """What one access token may do, of what was granted (RFC 9396 6.1): all of it, if nothing else
    is said. Raises InvalidAuthorizationDetails.
    """
    if text is None:
        return tuple(granted)
    found = _list_of(text)
    if not all(any(_is_within(detail, each) for each in granted) for detail in found):
        raise InvalidAuthorizationDetails("They go beyond what was granted.")
    return tuple(found)


def refuse_details(sent: Mapping[str, str]) -> None:
    """Say so where details have no place, lest a client believe that it got them."""
    if "authorization_details" in sent:
        raise InvalidAuthorizationDetails("They are not taken here.")


def _list_of(text: str) -> list[Any]:
    try:
        found = read_json(text) if len(text) <= LONGEST else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not 0 < len(found) <= MOST:
        raise InvalidAuthorizationDetails(NO_LIST)
    if name_sent_twice(text.encode()) is not None:
        raise InvalidAuthorizationDetails("A name stands twice in one of its objects.")
    return found


def _is_within(detail: object, granted: Mapping[str, Any]) -> bool:
    """Whether a detail is one that was granted, or the same with less in its common lists. A list
    that is empty or left out could be read as no limit at all.
    """
    if not isinstance(detail, dict) or detail.keys() != granted.keys():
        return False
    return all(
        _is_same(value, granted[name]) or (name in LISTS and _is_part(value, granted[name]))
        for name, value in detail.items()
    )


def _is_part(value: object, granted: Sequence[str]) -> bool:
    return _is_list_of_text(value) and bool(value) and set(value) <= set(granted)


def _is_same(one: object, other: object) -> bool:
    """As JSON has it: to Python, 1 is true."""
    return orjson.dumps(one, option=SORTED) == orjson.dumps(other, option=SORTED)


def _check(detail: object, types: Sequence[str], shapes: Mapping[str, Any]) -> None:
    if not isinstance(detail, dict) or not isinstance(detail.get("type"), str):
        raise InvalidAuthorizationDetails("Each of them is an object with a type.")
    if detail["type"] not in types:
        raise InvalidAuthorizationDetails("A type is not one of this client.")
    for name in LISTS & detail.keys():
        if not _is_list_of_text(detail[name]):
            raise InvalidAuthorizationDetails("Its common members are lists of text.")
    if not isinstance(detail.get("identifier", ""), str):
        raise InvalidAuthorizationDetails("The identifier is text.")
    kind = detail["type"]
    if kind in shapes:
        beside = {name: value for name, value in detail.items() if name != "type"}
        if says := misfit(shapes[kind], beside):
            raise InvalidAuthorizationDetails(f"{kind}: {says}")


def _is_list_of_text(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
