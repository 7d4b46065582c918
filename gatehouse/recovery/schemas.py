"""Resets of lost factors, and factors that others may see, as they travel over HTTP."""

from marshmallow import Schema, fields, validate

from gatehouse.core.fields import Moment, Paragraphs
from gatehouse.recovery.models import ResetStatus


class ApprovalIn(Schema):
    """``reason`` is how the approver made sure who it is."""

    reason = Paragraphs(500, least=1, required=True)


class OwnResetOut(Schema):
    """``organization_id`` is null where an operator approved."""

    id = fields.UUID()
    user_id = fields.UUID()
    organization_id = fields.UUID(attribute="org_id", allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in ResetStatus]))
    due_at = Moment()
    created_at = Moment()


class ResetOut(OwnResetOut):
    """The same for those who may approve one."""

    approved_by_id = fields.UUID(allow_none=True)
    reason = fields.String()


class PasskeySeenOut(Schema):
    created_at = Moment()
    last_used_at = Moment(allow_none=True)
    is_synced = fields.Boolean()


class NamedPasskeyOut(PasskeySeenOut):
    name = fields.String()


class MemberFactorsOut(Schema):
    """What an admin sees: the names of passkeys are the person's own words."""

    totp_enabled = fields.Boolean()
    totp_verified_at = Moment(allow_none=True)
    passkeys = fields.List(fields.Nested(PasskeySeenOut))
    recovery_codes_remaining = fields.Integer()


class FactorsOut(MemberFactorsOut):
    passkeys = fields.List(fields.Nested(NamedPasskeyOut))
