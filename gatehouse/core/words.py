"""What a schema says of bad input: what is wrong and what would be right, in plain words."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from gatehouse.core.errors import Invalid
from gatehouse.core.fields import Address

# Strangers choose how many fields they send, and how long their names are.
MOST_UNKNOWN = 20
LONGEST_NAME = 100
MOST_NAMED = 30  # fields that there are
ONLY_READ = "Is only read: it cannot be changed. Leave it out."
# What would be right, by the first kind that a field is of.
RIGHT: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (Address, "an e-mail address such as kim@example.com"),
    (fields.Url, "an address such as https://example.com/logo.png"),
    (fields.UUID, "an id such as 01890a5d-ac96-774b-bcce-b302099a8057"),
    (fields.String, "text in quotes"),
    (fields.Boolean, "true or false, without quotes"),
    (fields.Integer, "a whole number"),
    (fields.DateTime, "a time such as 2026-01-31T12:00:00Z"),
    (fields.List, "a list"),
)
OF_KIND = ("invalid", "invalid_utf8", "invalid_uuid", "invalid_awareness", "format")

Messages = dict[str, list[str]]


def in_plain_words(schema: Schema) -> Schema:
    """Replace Marshmallow's messages, which say what is wrong and not what would be right."""
    held = (field.inner for field in schema.fields.values() if isinstance(field, fields.List))
    for field in (*schema.fields.values(), *held):
        right = _right(field)
        field.error_messages = {
            **field.error_messages,
            "required": f"Missing. Send {right}.",
            "null": f"Must not be null. Send {right}.",
            **dict.fromkeys(OF_KIND, f"Must be {right}."),
        }
    return schema


def load(
    schema: Schema,
    data: Mapping[str, Any],
    also: Callable[[Any], Messages] | None = None,
    read_only: Collection[str] = (),
) -> Any:
    """What ``schema`` makes of ``data``. Raises Invalid, which names every broken rule at once.

    ``also`` finds what no schema can: it gets what was valid, when something else was not.
    ``read_only`` are names that the answer has, so that they may be sent back.
    """
    try:
        return schema.load(data)
    except ValidationError as error:
        broken: dict[str, Any] = dict(error.messages_dict)
        known = [field.data_key or name for name, field in schema.load_fields.items()]
        unknown = [name for name in data if name not in known] if schema.unknown == RAISE else []
        for name in unknown:
            broken.pop(name, None)
        for name, rules in (also(error.valid_data) if also else {}).items():
            broken[name] = [*broken.get(name, ()), *rules]
        shown = [name for name in unknown if name in read_only]
        unknown = [name for name in unknown if name not in read_only]
        broken |= {name: [ONLY_READ] for name in shown}
        raise Invalid.fields(broken | _of_unknown(unknown, known)) from None


def _right(field: fields.Field[Any]) -> str:
    if isinstance(field, fields.Enum):
        return f"one of: {field.choices_text}"
    return next((right for kind, right in RIGHT if isinstance(field, kind)), "a value")


def _of_unknown(names: list[str], known: list[str]) -> Messages:
    """One message for each unknown field, up to a bound."""
    takes = f"This endpoint takes: {', '.join(known)}." if known else "This endpoint takes none."
    takes = takes if len(known) <= MOST_NAMED else "See /api/docs for those that there are."
    found = {name[:LONGEST_NAME]: _of_one(name, known, takes) for name in names[:MOST_UNKNOWN]}
    if len(names) > MOST_UNKNOWN:
        found["body"] = [f"{len(names) - MOST_UNKNOWN} more unknown fields. {takes}"]
    return found


def _of_one(name: str, known: list[str], takes: str) -> list[str]:
    near = get_close_matches(name[:LONGEST_NAME].lower(), known, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    return [f"Unknown field.{guess} {takes}"]
