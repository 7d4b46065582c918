"""JSON that others wrote, read no deeper than we write (RFC 8259 9)."""

from collections.abc import Iterable
from typing import Any

import orjson

from gatehouse.core.legible import legible

# Levels of objects and lists. orjson reads 1,024 of them and writes 254: what is taken in deeper
# than that could neither be kept nor be shown.
DEEPEST = 16


def read_json(text: bytes | str, *, deepest: int = DEEPEST) -> Any:
    """What the text says. Raises orjson.JSONDecodeError, also if it is nested too deep."""
    found = orjson.loads(text)
    if _is_deeper(found, deepest):
        raise orjson.JSONDecodeError("nested beyond the depth limit", "", 0)
    return found


def _is_deeper(value: object, most: int) -> bool:
    """Level by level, so that nothing here can be nested too deep itself."""
    level = _nested([value])
    for _ in range(most):
        level = _nested(inner for each in level for inner in _inside(each))
    return bool(level)


def _nested(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, dict | list)]


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def in_words(value: object) -> str:
    """As people write it where it is simple; as JSON where it could be read in two ways."""
    return legible(_said(value))


def _said(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, dict) and all(isinstance(each, str | int) for each in value.values()):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    return orjson.dumps(value).decode()
