"""The shapes of what a client asks for in detail (RFC 9396 2): which members a type has, and of
which kind. Pure.

``{"payment": {"creditor": {"kind": "text", "required": true}}}``. That is not JSON Schema, on
purpose: what an organization writes here can neither name a document elsewhere nor an expression
that takes for ever.
"""

from collections.abc import Mapping
from typing import Any

from gatehouse.core.legible import is_legible

TEXT, TEXTS, OBJECT, OBJECTS = "text", "texts", "object", "objects"
KINDS = (TEXT, "whole", "number", "flag", TEXTS, OBJECT, OBJECTS)
LONGEST_NAME = 100
MOST_MEMBERS = 50
MOST_WORDS = 100
DEEPEST = 4
EXAMPLE = 'Must be like {"payment": {"creditor": {"kind": "text", "required": true}}}.'
# What may stand beside the kind, and with which kinds.
BESIDE = {
    "required": KINDS,
    "one_of": (TEXT, TEXTS),
    "members": (OBJECT, OBJECTS),
}


def shapes_problem(shapes: Mapping[str, Any]) -> str:
    """What is wrong with shapes by type; nothing if nothing is."""
    if not 0 < len(shapes) <= MOST_MEMBERS:
        return EXAMPLE
    found = (_members_problem(members, 1) for members in shapes.values())
    wrong = ((name, says) for name, says in zip(shapes, found, strict=True) if says)
    return next((f"{name[:LONGEST_NAME]}: {says}" for name, says in wrong), "")


def _members_problem(members: Any, depth: int) -> str:
    if depth > DEEPEST:
        return f"Members must lie at most {DEEPEST} deep."
    if not isinstance(members, Mapping) or not 0 < len(members) <= MOST_MEMBERS:
        return f"Must be an object of 1 to {MOST_MEMBERS} members."
    for name, member in members.items():
        if not 0 < len(name) <= LONGEST_NAME or not is_legible(name):
            return f"The name of a member must be 1 to {LONGEST_NAME} characters in one line."
        if depth == 1 and name == "type":
            return "type must not be named: every detail has it."
        says = _member_problem(member, depth)
        if says:
            return f"{name}: {says}"
    return ""


def _member_problem(member: Any, depth: int) -> str:
    if not isinstance(member, Mapping) or member.get("kind") not in KINDS:
        return f"kind must be one of: {', '.join(KINDS)}."
    kind = member["kind"]
    for name in member.keys() - {"kind"}:
        if kind not in BESIDE.get(name, ()):
            return f"{name[:LONGEST_NAME]} does not go with the kind {kind}."
    if not isinstance(member.get("required", False), bool):
        return "required must be true or false."
    if "one_of" in member and not _is_choice(member["one_of"]):
        return f"one_of must be a list of 1 to {MOST_WORDS} texts in one line, each once."
    if kind in (OBJECT, OBJECTS):
        return _members_problem(member.get("members"), depth + 1)
    return ""


def _is_choice(words: Any) -> bool:
    return (
        isinstance(words, list)
        and 0 < len(words) <= MOST_WORDS
        and all(isinstance(word, str) and is_legible(word) for word in words)
        and len(set(words)) == len(words)
    )


def misfit(members: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What of an object does not have the shape; nothing if it has. It names members of the shape
    alone, never one that somebody sent.
    """
    if found.keys() - members.keys():
        return "It has a member that is not one of its type."
    for name, member in members.items():
        if name not in found:
            if member.get("required"):
                return f"{name} is missing."
        elif says := _misfit_of(member, found[name]):
            return f"{name}{says}"
    return ""


def _misfit_of(member: Mapping[str, Any], value: Any) -> str:
    kind, words = member["kind"], member.get("one_of")
    if not _is_of_kind(kind, value):
        return f" is not of the kind {kind}."
    if words is not None and not set(value if kind == TEXTS else [value]) <= set(words):
        return f" is none of: {', '.join(words)}."
    objects = value if kind == OBJECTS else [value] if kind == OBJECT else []
    found = (misfit(member["members"], each) for each in objects)
    return next((f": {says}" for says in found if says), "")


def _is_of_kind(kind: str, value: Any) -> bool:
    if kind in (TEXTS, OBJECTS):
        inner = str if kind == TEXTS else Mapping
        return isinstance(value, list) and all(isinstance(each, inner) for each in value)
    if kind == "flag" or isinstance(value, bool):
        return kind == "flag" and isinstance(value, bool)
    right: Mapping[str, Any] = {TEXT: str, "whole": int, "number": int | float, OBJECT: Mapping}
    return isinstance(value, right[kind])
