"""Locks, as they travel over HTTP."""

from marshmallow import Schema, fields

from gatehouse.core.fields import Moment, Text


class LockIn(Schema):
    reason = Text(most=255, load_default=None, allow_none=True)


class LockOut(Schema):
    user_id = fields.UUID()
    locked_by = fields.UUID(allow_none=True)
    reason = fields.String(allow_none=True)
    locked_at = Moment(attribute="created_at")
