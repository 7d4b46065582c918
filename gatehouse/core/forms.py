"""Forms: what a browser posts, read within bounds, and what is shown again when it is refused."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from marshmallow import Schema, fields

from gatehouse.core.errors import (
    BadRequest,
    Forbidden,
    GatehouseError,
    Invalid,
    TooLarge,
    UnsupportedMediaType,
)
from gatehouse.core.fields import Password

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 64 * 1024
MOST_FIELDS = 40
# Fields of the frame: they belong to no schema.
TOKEN, NEXT = "form_token", "next"


class NoForm(UnsupportedMediaType):
    message = "This page takes what its own form sends, and nothing else."


class FormTooLarge(TooLarge):
    message = "That is more than this form takes."


class NotFromOurPage(Forbidden):
    message = "This was not sent from a page of ours, so nothing was done."


class FormOutOfDate(Forbidden):
    message = (
        "This form is out of date, so nothing was done. Open the page again and send it anew. If it"
        " happens again, let your browser keep the cookies of this address."
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that did not pass: what was typed, what is wrong with it, and the refusal in words.

    ``errors`` are by field. Passwords are never among the ``values``.
    """

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    alert: str = ""
    type: str = ""
    wait: int = 0


def read_form(kind: str, raw: bytes) -> dict[str, str]:
    """The fields of a posted form. Raises UnsupportedMediaType, TooLarge or BadRequest."""
    if kind != FORM:
        raise NoForm
    if len(raw) > MOST_BYTES:
        raise FormTooLarge
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise BadRequest("The form cannot be read.") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise BadRequest("A field of the form was sent twice.")
    return dict(pairs)


def for_people(schema: Schema) -> Schema:
    """A schema of the API that speaks to who fills in a form."""
    for known in schema.fields.values():
        known.error_messages["required"] = "Please fill this in."
    return schema


def for_schema(schema: Schema, sent: dict[str, str]) -> dict[str, Any]:
    """What was sent, as a schema of the API takes it: a box is ticked or not, and a field that
    was left empty was not sent.
    """
    given: dict[str, Any] = {}
    for name, text in sent.items():
        known = schema.fields.get(name)
        if name in (TOKEN, NEXT) or (known and not text):
            continue
        given[name] = True if isinstance(known, fields.Boolean) else text
    return given


def refused(schema: Schema, sent: dict[str, str], error: GatehouseError) -> Refused:
    """What the form shows after ``error``."""
    kept = {
        name: text
        for name, text in sent.items()
        if name in schema.fields and not isinstance(schema.fields[name], Password)
    }
    errors = dict(error.details) if isinstance(error, Invalid) else {}
    return Refused(kept, errors, str(error), error.type, error.details.get("retry_after", 0))
