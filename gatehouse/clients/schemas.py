"""Clients as they travel over HTTP. Their settings are those of ``rules/options.py``."""

from typing import Any

from marshmallow import Schema, fields, validate

from gatehouse.clients.rules.checks import kind_of, may_be_null
from gatehouse.clients.rules.options import NAMES
from gatehouse.core.fields import Count, Flag, Moment, Paragraphs, Text, Whole

LONGEST = 2000


class Lines(fields.List[Any]):
    """A list of texts, or one text with commas or line ends between them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.String(), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            parts = (part.strip() for line in value.splitlines() for part in line.split(","))
            value = [part for part in parts if part]
        return super()._deserialize(value, attr, data, **kwargs)


def _taken(name: str) -> fields.Field[Any]:
    """The field that takes a setting. What it may be is for the rules to say."""
    options: dict[str, Any] = {"allow_none": True} if may_be_null(name) else {}
    if name == "redirect_uris":
        return Lines(**options)
    kinds: dict[str, Any] = {
        "str": lambda: Text(0, LONGEST, **options),
        "bool": lambda: Flag(**options),
        "int": lambda: Count(**options),
        "list": lambda: fields.List(Text(0, LONGEST), **options),
        "objects": lambda: fields.List(fields.Dict(), **options),
        "object": lambda: fields.Dict(**options),
    }
    made: fields.Field[Any] = kinds[kind_of(name)]()
    return made


def _given(name: str) -> fields.Field[Any]:
    """The field that shows a setting."""
    options: dict[str, Any] = {"allow_none": True} if may_be_null(name) else {}
    kinds: dict[str, Any] = {
        "str": lambda: fields.String(**options),
        "bool": lambda: fields.Boolean(**options),
        "int": lambda: fields.Integer(**options),
        "list": lambda: fields.List(fields.String(), **options),
        "objects": lambda: fields.List(fields.Dict(), **options),
        "object": lambda: fields.Dict(**options),
    }
    made: fields.Field[Any] = kinds[kind_of(name)]()
    return made


SettingsIn = Schema.from_dict({name: _taken(name) for name in NAMES}, name="SettingsIn")
SettingsOut = Schema.from_dict({name: _given(name) for name in NAMES}, name="SettingsOut")


class ClientIn(SettingsIn):  # type: ignore[valid-type, misc]
    name = Text(1, 120, required=True)
    description = Paragraphs(LONGEST, load_default=None, allow_none=True)
    is_active = Flag()
    is_trusted = Flag()
    is_confidential = Flag()


class ClientChanges(SettingsIn):  # type: ignore[valid-type, misc]
    name = Text(1, 120)
    description = Paragraphs(LONGEST, allow_none=True)
    is_active = Flag()
    is_trusted = Flag()
    is_confidential = Flag()


class ClientSecretOut(Schema):
    """That there is a secret, and how long it holds."""

    id = fields.String()
    created_at = Moment(allow_none=True)
    expires_at = Moment(allow_none=True)


class ClientRowOut(Schema):
    """A client in a list."""

    id = fields.UUID()
    name = fields.String()
    client_id = fields.String()
    redirect_uris = fields.List(fields.String())
    scopes = fields.List(fields.String())
    grant_types = fields.List(fields.String())
    application_type = fields.String()
    is_confidential = fields.Boolean()
    is_active = fields.Boolean()
    is_trusted = fields.Boolean()
    created_at = Moment()
    last_used_at = Moment(allow_none=True)


class ClientOut(SettingsOut):  # type: ignore[valid-type, misc]
    id = fields.UUID()
    client_id = fields.String()
    name = fields.String()
    description = fields.String(allow_none=True)
    is_active = fields.Boolean()
    is_trusted = fields.Boolean()
    is_built_in = fields.Boolean()
    is_confidential = fields.Boolean()
    secrets = fields.List(fields.Nested(ClientSecretOut))
    created_at = Moment()
    updated_at = Moment()
    last_used_at = Moment(allow_none=True)


class NewClientOut(ClientOut):
    """The same with a new secret, which is told this once; null where there is none."""

    client_secret = fields.String(allow_none=True)


class RotationIn(Schema):
    overlap_seconds = Count(
        load_default=86_400,
        validate=validate.Range(0, 2_592_000, error="Between 0 and 2592000 (30 days)."),
    )


class DaysIn(Schema):
    days = Whole(load_default=30, validate=validate.Range(1, 400, error="Between 1 and 400."))


class UseOut(Schema):
    day = fields.Date()
    kind = fields.String()
    count = fields.Integer()


class StatisticsOut(Schema):
    last_used_at = Moment(allow_none=True)
    uses = fields.List(fields.Nested(UseOut))


class RegistrationTokenIn(Schema):
    uses = Count(load_default=1, validate=validate.Range(1, 1000, error="Between 1 and 1000."))
    hours = Count(load_default=24, validate=validate.Range(1, 2160, error="Between 1 and 2160."))


class RegistrationTokenOut(Schema):
    id = fields.UUID()
    uses_left = fields.Integer()
    created_at = Moment()
    expires_at = Moment()


class NewRegistrationTokenOut(RegistrationTokenOut):
    """The same with the token itself, which is told this once."""

    token = fields.String()
