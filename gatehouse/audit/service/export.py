"""Handing the record out."""

from uuid import UUID

from gatehouse.audit.events import RecordExported
from gatehouse.audit.queries import Filters
from gatehouse.audit.service.writing import record
from gatehouse.core.context import Context


def record_export(ctx: Context, org_id: UUID, *, file_format: str, filters: Filters) -> None:
    """Put on record that this organization's record leaves, before its first byte does."""
    record(ctx, RecordExported(org_id=org_id, format=file_format, filters=filters.names()))
