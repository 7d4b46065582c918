"""The record as it travels over HTTP, and as it is exported."""

from collections.abc import Iterable
from typing import Any

import orjson
from marshmallow import Schema, fields, validate

from gatehouse.audit.queries import Line
from gatehouse.audit.rules.cells import csv_rows
from gatehouse.core.fields import Instant, Moment, QueryFlag, Text
from gatehouse.core.pagination import CursorWindow


class FiltersIn(Schema):
    """``action`` is a prefix; ``from`` and ``to`` are RFC 3339 times, ``to`` not included."""

    action = Text(most=100, load_default="")
    user_id = fields.UUID(load_default=None)
    target_id = fields.UUID(load_default=None)
    resource_type = Text(most=50, load_default="")
    success = QueryFlag(load_default=None)
    since = Instant(data_key="from", load_default=None)
    until = Instant(data_key="to", load_default=None)
    q = Text(most=100, load_default="")


class AuditQuery(FiltersIn, CursorWindow):
    """The filters, and which part of what they leave."""


class ExportQuery(FiltersIn):
    """The filters, and how the entries are written down."""

    file_format = fields.String(
        data_key="format",
        load_default="jsonl",
        validate=validate.OneOf(("jsonl", "csv"), error="Must be jsonl or csv."),
    )


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


ENTRY = AuditLogOut()
COLUMNS = (
    "id",
    "created_at",
    "action",
    "description",
    "success",
    "error_message",
    "actor_type",
    "user_id",
    "user_email",
    "user_name",
    "target_user_id",
    "target_user_email",
    "target_user_name",
    "organization_id",
    "resource_type",
    "resource_id",
    "ip_address",
    "user_agent",
    "request_id",
    "metadata",
)


def as_json_lines(lines: Iterable[Line], *, is_first: bool) -> bytes:
    """One entry a line, each as the lists have it."""
    del is_first
    return b"".join(
        orjson.dumps(ENTRY.dump(line), option=orjson.OPT_APPEND_NEWLINE) for line in lines
    )


def as_csv(lines: Iterable[Line], *, is_first: bool) -> bytes:
    """RFC 4180, with a line of names at first, and safe to open in a spreadsheet."""
    entries = (_flat(ENTRY.dump(line)) for line in lines)
    rows = ([entry[name] for name in COLUMNS] for entry in entries)
    return csv_rows([COLUMNS, *rows] if is_first else rows)


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    user, target = entry["user"] or {}, entry["target_user"] or {}
    return entry | {
        "user_name": user.get("full_name"),
        "target_user_id": target.get("id"),
        "target_user_email": target.get("email"),
        "target_user_name": target.get("full_name"),
    }


BROKEN = "This export broke off and is not complete."

# The content type, what writes entries down in it, and the last line if that could not go on.
FORMATS = {
    "jsonl": ("application/x-ndjson", as_json_lines, orjson.dumps({"error": BROKEN}) + b"\n"),
    "csv": ("text/csv; charset=utf-8; header=present", as_csv, csv_rows([["error", BROKEN]])),
}
