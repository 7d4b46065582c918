"""Retention: whole blocks whose time is over lose their entries; their hashes stay."""

from uuid_utils.compat import uuid7

from gatehouse.audit.events import RecordPurged
from gatehouse.audit.models import AuditBlock, AuditRetention
from gatehouse.audit.queries.seals import next_to_purge
from gatehouse.audit.service.clocks import refuse_wrong_clocks
from gatehouse.audit.service.writing import record
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there

MOST_BLOCKS, MOST_ENTRIES = 50, 5000


def purge_blocks(ctx: Context) -> int:
    """Delete the entries of the oldest blocks past AUDIT_RETENTION_DAYS; returns how many.

    Listing a block in audit_retention is what deletes them: a trigger does it there and then.
    """
    days = ctx.settings.audit_retention_days
    if not days:
        return 0
    refuse_wrong_clocks(ctx)
    purge_id, entries = uuid7(), 0
    purged: list[AuditBlock] = []
    for block in next_to_purge(ctx, days=days, most=MOST_BLOCKS):
        listed = {
            "id": uuid7(),
            "created_at": ctx.now,
            "block_number": block.number,
            "block_hash": block.hash,
            "retention_days": days,
            "purge_id": purge_id,
        }
        if entries + block.entry_count > MOST_ENTRIES and purged:
            break
        if not insert_unless_there(ctx.db, AuditRetention, listed):
            break
        purged.append(block)
        entries += block.entry_count
    if not purged:
        return 0
    record(
        ctx,
        RecordPurged(
            purge_id=purge_id,
            first_block=purged[0].number,
            last_block=purged[-1].number,
            days=days,
            entries=entries,
            block_hash=purged[-1].hash.hex(),
        ),
    )
    return entries
