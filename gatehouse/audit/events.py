"""What can happen to the record itself."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import Event, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class RecordExported(OrganizationEvent):
    """``filters`` are the names of those in use; what they were set to may be personal."""

    name = "audit.exported"
    says = "The record was exported."
    resource = "org"

    format: str
    filters: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RecordPurged(Event):
    """Whole blocks, whose retention was over. ``block_hash`` is that of the last one."""

    name = "audit.purged"
    says = "Entries whose retention was over were deleted."
    resource = "purge"

    purge_id: UUID
    first_block: int
    last_block: int
    days: int
    entries: int
    block_hash: str
