"""What is wrong with a block, or with an entry in none: values in, findings out."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from gatehouse.audit.rules.hashing import (
    LATENESS,
    MICROSECOND,
    NOTHING_BEFORE,
    as_microseconds,
    as_moment,
    block_hash,
    earlier,
    is_dated_rightly,
    least_id,
)

# The clocks of two servers may differ by this much.
CLOCKS = timedelta(hours=1)


class Kind(StrEnum):
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed. ``action`` is what the entry says today."""

    kind: Kind
    says: str
    block: int | None = None
    entry_id: UUID | str | None = None
    action: str | None = None

    def facts(self) -> dict[str, Any]:
        found = asdict(self)
        return found | {"entry_id": str(self.entry_id) if self.entry_id else None}


@dataclass(frozen=True, slots=True)
class Purge:
    """A block's row in audit_retention, and what its entry in the record says (None: no entry) and
    when that was written (None: its id says another time).
    """

    block_hash: bytes
    days: int
    at: int | None
    record: dict[str, Any] | None
    record_may_be_purged: bool
    recorded_at: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it was read. Times are microseconds since 1970, None if they are none."""

    number: int
    closed_at: int | None
    sealed_until: int | None
    newest_id: UUID | None
    entry_count: int
    previous_hash: bytes
    hash: bytes
    purge: Purge | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A place in a block. ``now`` is the hash of the entry as it is today, None if it is gone."""

    entry_id: UUID | str
    position: int
    sealed: bytes
    now: bytes | None
    action: str | None


def judge(
    block: Block, rows: Sequence[Row], before: Block | None, now: datetime
) -> Iterator[Finding]:
    """All that is wrong with a block: its place in the chain, its entries, its retention."""
    yield from _judge_place(block, before)
    if block.purge:
        yield from _judge_purged(block, block.purge, rows)
        yield from _judge_time_of(block, block.purge, as_microseconds(now) or 0)
    else:
        yield from _judge_rows(block, rows)


def _judge_place(block: Block, before: Block | None) -> Iterator[Finding]:
    expected = before.number + 1 if before else 1
    if block.number != expected:
        gone = (
            f"Block {expected} is"
            if block.number == expected + 1
            else (f"Blocks {expected} to {block.number - 1} are")
        )
        yield Finding(Kind.REMOVED, f"{gone} not there.", expected)
    elif block.previous_hash != (before.hash if before else NOTHING_BEFORE):
        says = "It does not follow on the block before it: one of the two was replaced."
        yield Finding(Kind.CHANGED, says, block.number)


def _judge_rows(block: Block, rows: Sequence[Row]) -> Iterator[Finding]:
    if _hash_of(block, rows) == block.hash:
        yield from _judge_entries(block, rows)
        if block.entry_count != len(rows):
            yield Finding(Kind.CHANGED, "Its number of entries was changed.", block.number)
    elif _hash_of(block, rows, as_of_today=True) == block.hash:
        wrong = next(row for row in rows if row.now != row.sealed)
        says = "The hash that it was sealed with was changed; the entry itself was not."
        yield _of_row(Kind.CHANGED, says, block, wrong)
    else:
        yield from list(_judge_entries(block, rows)) or [_what_broke(block, rows)]


def _judge_entries(block: Block, rows: Sequence[Row]) -> Iterator[Finding]:
    """Compare each entry with its own seal."""
    for row in rows:
        if row.now is None:
            yield _of_row(Kind.REMOVED, "The entry was removed.", block, row)
        elif row.now != row.sealed:
            yield _of_row(Kind.CHANGED, "The entry was changed.", block, row)


def _what_broke(block: Block, rows: Sequence[Row]) -> Finding:
    """Every entry fits its own seal, yet the block does not fit its list. Find where it broke."""
    for place, row in enumerate(rows):
        if row.position != place:
            says = (
                f"The entry at place {place} was removed, and the list with it; this one follows."
            )
            return _of_row(Kind.REMOVED, says, block, row)
    for place, row in enumerate(rows):
        if _hash_of(block, [*rows[:place], *rows[place + 1 :]]) == block.hash:
            return _of_row(Kind.ADDED, "The entry was added to the block.", block, row)
    for one, other in pairwise(rows):
        if str(one.entry_id) > str(other.entry_id):
            return _of_row(Kind.CHANGED, "The entries were put into another order.", block, other)
    if len(rows) < block.entry_count:
        says = f"{block.entry_count - len(rows)} of its {block.entry_count} entries were removed."
        return _of_row(Kind.REMOVED, says, block, rows[-1] if rows else None)
    says = "It does not fit its hash: its number, its times, its list or the hash was changed."
    return _of_row(Kind.CHANGED, says, block, rows[0] if rows else None)


def _judge_purged(block: Block, purge: Purge, rows: Sequence[Row]) -> Iterator[Finding]:
    if rows:
        says = "The block is listed as purged, yet it has entries."
        yield _of_row(Kind.ADDED, says, block, rows[0])
    if purge.block_hash != block.hash:
        says = "The list of purged blocks has another hash for it."
        yield Finding(Kind.CHANGED, says, block.number)
    if not _is_on_record(block, purge):
        says = "It was purged, and no audit.purged entry says so."
        yield Finding(Kind.REMOVED, says, block.number)


def _judge_time_of(block: Block, purge: Purge, now: int) -> Iterator[Finding]:
    """Whoever lists a block writes any time they like. It counts no further than we are, and than
    the entry about it, which is sealed only if it is dated rightly.
    """
    at = purge.at or 0
    if at > now + CLOCKS // MICROSECOND:
        says = "It was purged at a time that is yet to come."
        yield Finding(Kind.REMOVED, says, block.number)
    latest = min(time for time in (at, now, purge.recorded_at) if time is not None)
    age = latest - (block.sealed_until or 0)
    if purge.days < 1 or timedelta(microseconds=age) < timedelta(days=purge.days):
        says = f"It was purged before its {purge.days} days of retention were over."
        yield Finding(Kind.REMOVED, says, block.number)


def _is_on_record(block: Block, purge: Purge) -> bool:
    if purge.record is None:
        return purge.record_may_be_purged
    first, last = purge.record.get("first_block"), purge.record.get("last_block")
    if not (isinstance(first, int) and isinstance(last, int)):
        return False
    if purge.at is None or purge.recorded_at is None:
        return False
    is_of_its_time = abs(purge.at - purge.recorded_at) <= CLOCKS // MICROSECOND
    is_about_it = first <= block.number <= last and purge.record.get("days") == purge.days
    return is_of_its_time and is_about_it


def _hash_of(block: Block, rows: Sequence[Row], *, as_of_today: bool = False) -> bytes:
    listed = (
        (
            row.entry_id if isinstance(row.entry_id, UUID) else None,
            (row.now or b"") if as_of_today else row.sealed,
        )
        for row in rows
    )
    times = (block.closed_at, block.sealed_until)
    return block_hash(block.number, block.previous_hash, times, block.newest_id, listed)


def _of_row(kind: Kind, says: str, block: Block, row: Row | None) -> Finding:
    if row is None:
        return Finding(kind, says, block.number)
    return Finding(kind, says, block.number, row.entry_id, row.action)


@dataclass(slots=True)
class EarlyPurges:
    """Blocks that were purged sooner than ``setting`` (days; 0: never) would have it today. The
    setting may have been another: a remark, no finding.
    """

    setting: int
    count: int = 0
    first: int = 0
    last: int = 0
    days: int = 0

    def look_at(self, block: Block) -> None:
        if block.purge is None or 0 < self.setting <= block.purge.days:
            return
        self.first = self.first or block.number
        self.days = min(self.days or block.purge.days, block.purge.days)
        self.last = block.number
        self.count += 1

    def remarks(self) -> list[str]:
        if not self.count:
            return []
        says = (
            f"Purged blocks that AUDIT_RETENTION_DAYS={self.setting} would have kept: {self.count},"
            f" from {self.first} to {self.last}, after {self.days} days or more."
            " If that setting was never shorter, somebody else purged them."
        )
        return [says]


@dataclass(frozen=True, slots=True)
class Loose:
    """An entry that is in no block."""

    entry_id: UUID | str
    action: str | None
    at: int | None

    def finding(self, now: datetime) -> Finding:
        """What to say if it is forgotten."""
        says = "The entry is in no block, though others of its time are sealed."
        if self.is_to_come(now):
            says = "The entry is dated at a time that is yet to come: by a wrong clock, or forged."
        return Finding(Kind.ADDED, says, None, self.entry_id, self.action)

    def is_to_come(self, now: datetime) -> bool:
        return isinstance(self.entry_id, UUID) and self.entry_id >= least_id(now + CLOCKS)


def is_forgotten(loose: Loose, newest: Block | None, now: datetime) -> bool:
    """Whether no run of the sealer will ever take this entry: its id and its time do not belong
    together, are to come, or it was not there when others of its time were sealed. ``newest`` is
    the newest block that was not closed at a time to come.
    """
    entry_id = loose.entry_id
    if not isinstance(entry_id, UUID) or loose.at is None:
        return True
    if not is_dated_rightly(entry_id, as_moment(loose.at)) or loose.is_to_come(now):
        return True
    if newest is None or newest.newest_id is None or newest.closed_at is None:
        return False
    is_behind = entry_id < newest.newest_id
    return is_behind and entry_id < least_id(earlier(as_moment(newest.closed_at)))


def is_waiting_long(loose: Loose, now: datetime) -> bool:
    return loose.at is None or as_moment(loose.at) < now - LATENESS
