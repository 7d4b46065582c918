"""What comes in at the pages of the OpenID provider."""

from marshmallow import Schema, fields, validate

from gatehouse.core.fields import Text


class ConsentIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf(("allow", "deny")))
    terms = Text(1, 64, required=True)


class ChoiceIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf(("go_on", "other", "cancel")))


class LogoutIn(Schema):
    answer = fields.String(required=True, validate=validate.OneOf(("sign_out", "stay")))


class DeviceCodeIn(Schema):
    user_code = Text(1, 32, required=True)
    is_from_link = fields.Boolean(load_default=False)
