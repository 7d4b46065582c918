"""Second factors, as they travel over HTTP."""

from marshmallow import Schema, fields, validate

from gatehouse.core.fields import Moment

NO_CODE = "A code of six digits, as the app shows it."


class CodeIn(Schema):
    """``client_timestamp`` is taken and not looked at: the time is ours."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}\Z", error=NO_CODE))
    client_timestamp = fields.Raw(load_default=None)


class TypedCodeIn(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 20, error=NO_CODE))


class EnrolmentOut(Schema):
    secret = fields.String()
    provisioning_uri = fields.String()
    qr_code = fields.String()
    backup_codes = fields.List(fields.String())


class CodesOut(Schema):
    backup_codes = fields.List(fields.String())


class TotpOut(Schema):
    totp_enabled = fields.Boolean()
    verified_at = Moment(allow_none=True)
    backup_codes_remaining = fields.Integer()
