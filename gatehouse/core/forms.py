"""Forms: what a browser posts, read within bounds, and what is shown again when it is refused."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl

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
from gatehouse.core.languages import Language
from gatehouse.core.sayings import Saying, _

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 64 * 1024
MOST_FIELDS = 40
# Fields of the frame: they belong to no schema.
TOKEN, NEXT, LANGUAGE = "form_token", "next", "ui_locales"
UNFIT = _("This is not among what can be chosen or sent here.")
NOT_DONE = _("That did not work. Nothing was done.")
NO_ADDRESS = _("Must be an e-mail address such as kim@example.com.")


class NoForm(UnsupportedMediaType):
    message = _("This page takes what its own form sends, and nothing else.")


class FormTooLarge(TooLarge):
    message = _("That is more than this form takes.")


class NotFromOurPage(Forbidden):
    message = _("This was not sent from a page of ours, so nothing was done.")


class FormOutOfDate(Forbidden):
    message = _(
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

    def said_in(self, language: Language) -> "Refused":
        """The same for a reader of ``language``. What is not marked speaks to programs: whoever
        wrote to us by another form than ours is told in general what is wrong.
        """
        if not self.alert:
            return self
        errors = {
            name: [_say(language, one, UNFIT) for one in messages]
            for name, messages in self.errors.items()
        }
        return replace(self, errors=errors, alert=_say(language, self.alert, NOT_DONE))


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
        raise BadRequest(_("The form cannot be read.")) from None
    if len(dict(pairs)) < len(pairs):
        raise BadRequest(_("A field of the form was sent twice."))
    return dict(pairs)


def wishes_in(raw: bytes) -> list[str]:
    """What a form of others says of languages; nothing if it cannot be read."""
    try:
        return parse_qs(raw.decode(), max_num_fields=MOST_FIELDS).get(LANGUAGE, [])
    except ValueError:
        return []


def for_people(schema: Schema) -> Schema:
    """A schema of the API that speaks to who fills in a form, in words that are marked."""
    for known in schema.fields.values():
        known.error_messages |= {"required": _("Please fill this in."), "syntax": NO_ADDRESS}
    return schema


def for_schema(schema: Schema, sent: dict[str, str]) -> dict[str, Any]:
    """What was sent, as a schema of the API takes it: a box is ticked or not, and a field that
    was left empty was not sent.
    """
    given: dict[str, Any] = {}
    for name, text in sent.items():
        known = schema.fields.get(name)
        if name in (TOKEN, NEXT, LANGUAGE) or (known and not text):
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
    return Refused(kept, errors, error.says, error.type, error.details.get("retry_after", 0))


def _say(language: Language, text: str, otherwise: str) -> str:
    return language.say(text if isinstance(text, Saying) else otherwise)
