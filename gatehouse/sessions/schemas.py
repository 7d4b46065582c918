"""Sessions as they travel over HTTP."""

from marshmallow import Schema, fields, validate

from gatehouse.core.fields import Moment
from gatehouse.sessions.models import SessionStatus


class DeviceOut(Schema):
    browser = fields.String(allow_none=True)
    os = fields.String(allow_none=True)
    device = fields.String(allow_none=True)


class SessionOut(Schema):
    id = fields.UUID()
    user_id = fields.UUID()
    status = fields.String(validate=validate.OneOf([status.value for status in SessionStatus]))
    is_current = fields.Boolean()
    is_compliance_only = fields.Boolean()
    ip_address = fields.String(allow_none=True)
    user_agent = fields.String(allow_none=True)
    device_info = fields.Nested(DeviceOut)
    amr = fields.List(fields.String())
    auth_time = Moment()
    expires_at = Moment()
    ends_at = Moment()
    last_activity_at = Moment()
    created_at = Moment()


class EndedOut(Schema):
    ended = fields.Integer()


class ExpiryOut(Schema):
    expires_at = Moment()
