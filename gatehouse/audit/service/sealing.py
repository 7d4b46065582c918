"""Sealing: entries are closed into blocks, each of which vouches for the one before."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, insert
from uuid_utils.compat import uuid7

from gatehouse.audit.models import BLOCK_ENTRIES, AuditBlock
from gatehouse.audit.queries.seals import newest_block, next_to_seal
from gatehouse.audit.rules.hashing import (
    NOTHING_BEFORE,
    as_id,
    as_microseconds,
    as_moment,
    block_hash,
    entry_hash,
)
from gatehouse.audit.service.clocks import refuse_wrong_clocks
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.fields import rfc3339
from gatehouse.core.logging import LOGGER

BLOCK_SIZE = 1000
# Who began before may commit until then; a later commit falls into the next block.
SETTLED = timedelta(seconds=60)


def seal_block(ctx: Context) -> int:
    """Close the oldest entries that are in no block into one. Returns how many it closed.

    A block that was closed at a time to come says nothing of what is to be sealed now: a clock
    was ahead. We go on from the newest block before it that was not. Raises ClocksApart.
    """
    refuse_wrong_clocks(ctx)
    newest = newest_block(ctx)
    is_ahead = newest is not None and newest.created_at > ctx.now
    reach = newest_block(ctx, closed_by=ctx.now) if is_ahead else newest
    rows = next_to_seal(ctx, reach, before=ctx.now - SETTLED, most=BLOCK_SIZE)
    if not rows:
        return 0
    hashes = [entry_hash(row) for row in rows]
    block = _block(ctx, (newest, reach), rows, hashes)
    # Two sealers have the same number in mind: the first one's commit decides.
    if not insert_unless_there(ctx.db, AuditBlock, block):
        return 0
    number = block["number"]
    listed = [
        {"entry_id": as_id(row["id"]), "block_number": number, "position": place, "hash": own}
        for place, (row, own) in enumerate(zip(rows, hashes, strict=True))
    ]
    ctx.db.execute(insert(BLOCK_ENTRIES), listed)
    if ctx.settings.audit_head_file:
        path = Path(ctx.settings.audit_head_file)
        ctx.after_commit(lambda: _publish(path, block))
    return len(rows)


def _block(
    ctx: Context,
    before: tuple[AuditBlock | None, AuditBlock | None],
    rows: Sequence[RowMapping],
    hashes: Sequence[bytes],
) -> dict[str, Any]:
    newest, reach = before
    ids = [as_id(row["id"]) for row in rows]
    reached = as_moment(max(as_microseconds(row["created_at"]) or 0 for row in rows))
    newest_id = max(entry_id for entry_id in ids if entry_id)
    if newest is not None:
        reached = max(reached, newest.sealed_until)
    if reach is not None:
        newest_id = max(newest_id, reach.newest_id)
    number = newest.number + 1 if newest else 1
    previous = newest.hash if newest else NOTHING_BEFORE
    at = (as_microseconds(ctx.now), as_microseconds(reached))
    return {
        "id": uuid7(),
        "created_at": ctx.now,
        "number": number,
        "entry_count": len(rows),
        "sealed_until": reached,
        "newest_id": newest_id,
        "previous_hash": previous,
        "hash": block_hash(number, previous, at, newest_id, zip(ids, hashes, strict=True)),
    }


def _publish(path: Path, block: dict[str, Any]) -> None:
    """Add the newest block's hash to a file that can be kept where we cannot reach it.

    If that fails the next block's line will do: it vouches for this block too.
    """
    head = {
        "number": block["number"],
        "closed_at": rfc3339(block["created_at"]),
        "newest_id": str(block["newest_id"]),
        "hash": block["hash"].hex(),
    }
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(head) + "\n")
    except OSError as error:
        LOGGER.error("The head of the record could not be written: %s", error)
