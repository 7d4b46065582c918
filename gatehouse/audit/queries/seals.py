"""Reading what the seals are made of, as it lies in the database: spoilt values do not stop us."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    RowMapping,
    Select,
    Text,
    cast,
    exists,
    func,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from gatehouse.audit.models import BLOCK_ENTRIES, AuditBlock, AuditEntry, AuditRetention
from gatehouse.audit.rules.hashing import earlier, is_dated_rightly, least_id
from gatehouse.core.context import Context

# Times and JSON as their text: a spoilt one, or an infinite, must not keep us from reading on.
AS_TEXT = ("created_at", "details")


def _raw(column: Any, name: str = "") -> ColumnElement[Any]:
    return type_coerce(column, NullType()).label(name or column.key)


def _text(column: Any, name: str = "") -> ColumnElement[Any]:
    return cast(column, Text).label(name or column.key)


RAW_ENTRY = tuple(
    (_text if column.key in AS_TEXT else _raw)(column) for column in AuditEntry.__table__.columns
)
RAW_BLOCK = (
    AuditBlock.number,
    AuditBlock.entry_count,
    _text(AuditBlock.created_at),
    _text(AuditBlock.sealed_until),
    _raw(AuditBlock.newest_id),
    _raw(AuditBlock.previous_hash),
    _raw(AuditBlock.hash),
)
IS_SEALED = exists().where(BLOCK_ENTRIES.c.entry_id == AuditEntry.id)


def database_clock(ctx: Context) -> datetime | None:
    """What time it is for the database, if it has a clock of its own."""
    if ctx.runtime.engine.dialect.name == "sqlite":
        return None
    found: datetime | None = ctx.db.scalar(select(func.clock_timestamp()))
    return found


def newest_block(ctx: Context, *, closed_by: datetime | None = None) -> AuditBlock | None:
    """The block with the highest number, of all or of those that were closed by then."""
    newest = select(AuditBlock).order_by(AuditBlock.number.desc()).limit(1)
    if closed_by is not None:
        newest = newest.where(AuditBlock.created_at <= closed_by)
    found: AuditBlock | None = ctx.db.scalar(newest)
    return found


def next_to_seal(
    ctx: Context, reach: AuditBlock | None, *, before: datetime, most: int
) -> Sequence[RowMapping]:
    """Up to ``most`` entries that are in no block and older than ``before``, the oldest first.

    First those that were committed late, behind the newest id of ``reach``; not further back than
    a transaction can have lasted when that block was closed. Then those past it, of which some may
    be in a block already that was closed by a clock that was ahead.
    """
    ripe = AuditEntry.id < least_id(before)
    if reach is None:
        return _fitting(ctx, most, ripe, ~IS_SEALED)
    behind = AuditEntry.id.between(least_id(earlier(reach.created_at)), reach.newest_id)
    late = _fitting(ctx, most, behind, ripe, ~IS_SEALED)
    past = AuditEntry.id > reach.newest_id
    return [*late, *_fitting(ctx, most - len(late), past, ripe, ~IS_SEALED)]


def _fitting(ctx: Context, most: int, *conditions: ColumnElement[bool]) -> list[RowMapping]:
    """Pass over entries whose id and time do not belong together, however many there are."""
    key = type_coerce(AuditEntry.id, NullType())
    found: list[RowMapping] = []
    past: list[ColumnElement[bool]] = []
    while len(found) < most:
        page = select(*RAW_ENTRY).where(*conditions, *past).order_by(key).limit(most)
        rows = ctx.db.execute(page).mappings().all()
        found += [row for row in rows if is_dated_rightly(row["id"], row["created_at"])]
        if len(rows) < most:
            break
        past = [key > rows[-1]["id"]]
    return found[:most]


def blocks_after(ctx: Context, number: int, most: int) -> Sequence[Row[Any]]:
    """Blocks in their order, each with its row in audit_retention, if there is one."""
    retention = (
        _raw(AuditRetention.block_hash, "purge_hash"),
        AuditRetention.retention_days,
        _text(AuditRetention.created_at, "purged_at"),
        _raw(AuditRetention.purge_id),
    )
    return ctx.db.execute(
        select(*RAW_BLOCK, *retention)
        .outerjoin(AuditRetention, AuditRetention.block_number == AuditBlock.number)
        .where(AuditBlock.number > number)
        .order_by(AuditBlock.number)
        .limit(most)
    ).all()


def listed_rows(ctx: Context, after: int, through: int | None) -> Iterator[RowMapping]:
    """What the blocks past ``after`` list, with the entries as they are today."""
    conditions = [BLOCK_ENTRIES.c.block_number > after]
    if through is not None:
        conditions.append(BLOCK_ENTRIES.c.block_number <= through)
    columns = (
        _raw(BLOCK_ENTRIES.c.entry_id),
        BLOCK_ENTRIES.c.block_number,
        BLOCK_ENTRIES.c.position,
        _raw(BLOCK_ENTRIES.c.hash),
    )
    statement = (
        select(*columns, *RAW_ENTRY)
        .select_from(BLOCK_ENTRIES)
        .outerjoin(AuditEntry, AuditEntry.id == BLOCK_ENTRIES.c.entry_id)
        .where(*conditions)
        .order_by(BLOCK_ENTRIES.c.block_number, BLOCK_ENTRIES.c.position)
        .execution_options(yield_per=1000)
    )
    yield from ctx.db.execute(statement).mappings()


def purges_without_block(ctx: Context) -> Sequence[int]:
    """The first numbers in audit_retention that no block has."""
    there = exists().where(AuditBlock.number == AuditRetention.block_number)
    number = AuditRetention.block_number
    return ctx.db.scalars(select(number).where(~there).order_by(number).limit(100)).all()


def purge_records(ctx: Context, purge_ids: set[UUID]) -> Sequence[Any]:
    """The entries that say that these purges were made: purge, details, and when."""
    says = (_raw(AuditEntry.resource_id), _text(AuditEntry.details))
    when = (_raw(AuditEntry.id), _text(AuditEntry.created_at))
    return ctx.db.execute(
        select(*says, *when).where(
            AuditEntry.resource_id.in_(purge_ids), AuditEntry.action == "audit.purged"
        )
    ).all()


def purged_until(ctx: Context) -> str | None:
    """How far retention has come: the reach of the last purged block, as text."""
    found: str | None = ctx.db.scalar(
        select(_text(AuditBlock.sealed_until))
        .join(AuditRetention, AuditRetention.block_number == AuditBlock.number)
        .order_by(AuditBlock.number.desc())
        .limit(1)
    )
    return found


def loose_entries(ctx: Context, step: int) -> Iterator[tuple[int, Sequence[Row[Any]]]]:
    """Walk all entries: how many were passed with each step, and those among them in no block."""
    key = type_coerce(AuditEntry.id, NullType())  # An id may be spoilt too.
    after: Any = None
    while True:
        past = [] if after is None else [key > after]
        last = ctx.db.scalar(select(key).where(*past).order_by(key).offset(step - 1).limit(1))
        span = past if last is None else [*past, key <= last]
        count = step
        if last is None:
            count = ctx.db.scalar(select(func.count(AuditEntry.id)).where(*span)) or 0
        columns = (_raw(AuditEntry.id), AuditEntry.action, _text(AuditEntry.created_at))
        loose = select(*columns).where(*span, ~IS_SEALED).order_by(key)
        yield count, ctx.db.execute(loose).all()
        if last is None:
            return
        after = last


def hashes_of(ctx: Context, numbers: Sequence[int]) -> dict[int, bytes]:
    rows: Select[Any] = select(AuditBlock.number, _raw(AuditBlock.hash))
    found = ctx.db.execute(rows.where(AuditBlock.number.in_(numbers)))
    return {row.number: row.hash for row in found}


def next_to_purge(ctx: Context, *, days: int, most: int) -> Sequence[AuditBlock]:
    """The oldest blocks that are not purged yet, if all they hold is older than ``days``."""
    is_listed = exists().where(AuditRetention.block_number == AuditBlock.number)
    return ctx.db.scalars(
        select(AuditBlock)
        .where(AuditBlock.sealed_until < ctx.now - timedelta(days=days), ~is_listed)
        .order_by(AuditBlock.number)
        .limit(most)
    ).all()
