"""The record as it travels over HTTP."""

from marshmallow import Schema, fields, validate

from gatehouse.core.fields import Instant, Moment, QueryFlag, Text
from gatehouse.core.pagination import CursorWindow


class AuditQuery(CursorWindow):
    """``action`` is a prefix; ``from`` and ``to`` are RFC 3339 times, ``to`` not included."""

    action = Text(most=100, load_default="")
    user_id = fields.UUID(load_default=None)
    target_id = fields.UUID(load_default=None)
    success = QueryFlag(load_default=None)
    since = Instant(data_key="from", load_default=None)
    until = Instant(data_key="to", load_default=None)
    q = Text(most=100, load_default="")


class SubjectOut(Schema):
    id = fields.UUID()
    email = fields.String(attribute="label", allow_none=True)
    full_name = fields.String(attribute="name", allow_none=True)


class AuditLogOut(Schema):
    id = fields.UUID()
    action = fields.String(attribute="entry.action")
    description = fields.String()
    user_id = fields.UUID(attribute="entry.actor_id", allow_none=True)
    user_email = fields.String(attribute="user.label", dump_default=None, allow_none=True)
    user = fields.Nested(SubjectOut, allow_none=True)
    actor_type = fields.String(
        attribute="entry.actor_kind",
        validate=validate.OneOf(("anonymous", "user", "operator", "job")),
    )
    target_user = fields.Nested(SubjectOut, attribute="target", allow_none=True)
    organization_id = fields.UUID(attribute="entry.org_id", allow_none=True)
    resource_type = fields.String(attribute="entry.resource_type")
    resource_id = fields.UUID(attribute="entry.resource_id", allow_none=True)
    ip_address = fields.String(attribute="ip", allow_none=True)
    user_agent = fields.String(allow_none=True)
    request_id = fields.String(attribute="entry.request_id")
    success = fields.Boolean(attribute="entry.success")
    error_message = fields.String(
        attribute="entry.details.reason", dump_default=None, allow_none=True
    )
    metadata = fields.Dict(attribute="entry.details")
    created_at = Moment(attribute="entry.created_at")
