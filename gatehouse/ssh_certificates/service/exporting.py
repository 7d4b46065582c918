"""Handing the list of certificates out."""

from uuid import UUID

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.ssh_certificates.events import CertificatesExported
from gatehouse.ssh_certificates.queries import Filters


def record_export(ctx: Context, org_id: UUID, *, file_format: str, filters: Filters) -> None:
    """Put on record that the list leaves, before its first byte does."""
    event = CertificatesExported(org_id=org_id, format=file_format, filters=filters.names())
    record(ctx, event)
