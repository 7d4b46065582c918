"""A JSON body, read (RFC 8259). What cannot be read is refused with what would be right."""

import re
from typing import Any

import orjson

from gatehouse.core.errors import BadRequest, Invalid
from gatehouse.core.json_text import DEEPEST, read_json

# The name of the member whose text goes on to the end of what was read.
LAST_NAME = re.compile(rb'"((?:[^"\\]|\\.){1,100})"\s*:\s*"(?:[^"\\]|\\.)*$')
# All that says where names stand: texts, with the colon after a name, and what holds others.
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"(\s*:)?|[{}\[\]]')
LONGEST_NAME = 100
LONGEST_TEXT = 10_000  # characters, before which no name is looked for
# What would be right, by a part of what the parser says.
REMEDIES = {
    "depth limit": f"Nest at most {DEEPEST} levels deep.",
    "not valid UTF-8": "Send it in UTF-8.",
    "byte order mark": "Send it in UTF-8, without a byte order mark.",
}


def read_object(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object; no body at all is an empty one. Raises BadRequest or Invalid."""
    if not raw:
        return {}
    try:
        found = read_json(raw)
    except orjson.JSONDecodeError as error:
        raise _refusal(raw, error) from None
    if not isinstance(found, dict):
        raise Invalid.fields({"body": ["Send a JSON object, such as {}."]})
    if (name := name_sent_twice(raw)) is not None:
        raise Invalid.fields({name: ["Stands there twice. Send each name once."]})
    return found


def name_sent_twice(raw: bytes) -> str | None:
    """A name that one object of valid JSON has twice: readers do not agree which of them counts
    (RFC 8259 4), so what one has checked another would not act on.
    """
    names: list[set[str]] = []
    for token in TOKEN.finditer(raw):
        text, colon = token[0], token[1]
        if text in b"{[":
            names.append(set())
        elif text in b"}]":
            names.pop()
        elif colon is not None:
            name: str = orjson.loads(text.removesuffix(colon))
            if name in names[-1]:
                return name[:LONGEST_NAME]
            names[-1].add(name)
    return None


def _refusal(raw: bytes, error: orjson.JSONDecodeError) -> BadRequest | Invalid:
    if "surrogate in string" in error.msg:
        says = "Holds half a character: \\ud800 to \\udfff stand in pairs only. Send whole ones."
        return Invalid.fields({_name_before(raw, error.pos): [says]})
    remedy = next((right for part, right in REMEDIES.items() if part in error.msg), "")
    return BadRequest("The body is not valid JSON.", body=[f"{error}. {remedy}".strip()])


def _name_before(raw: bytes, position: int) -> str:
    """The field in whose text this character stands. The parser has found all before it right."""
    found = LAST_NAME.search(raw.decode()[max(0, position - LONGEST_TEXT) : position].encode())
    return found[1].decode() if found else "body"
