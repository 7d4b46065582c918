"""Checking the seals: every block, every entry, every entry in no block, and heads kept outside."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import RowMapping, text

from gatehouse.audit.errors import NotAHead
from gatehouse.audit.queries import seals
from gatehouse.audit.rules.hashing import as_id, as_microseconds, entry_hash, is_dated_rightly
from gatehouse.audit.rules.verdicts import (
    Block,
    EarlyPurges,
    Finding,
    Kind,
    Loose,
    Purge,
    Row,
    is_forgotten,
    is_waiting_long,
    judge,
)
from gatehouse.core.context import Context

BLOCKS_AT_ONCE = 500
ROWS_AT_ONCE = 5000
STEP = 20_000
HEADS_AT_ONCE = 500
MOST_BLOCKS = 2**62


@dataclass(slots=True)
class Verification:
    """One walk over the record, in bounded memory. Its counts grow as the findings are taken."""

    ctx: Context
    blocks: int = 0
    entries: int = 0
    purged_blocks: int = 0
    unsealed: int = 0
    newest: Block | None = None
    # The newest that was not closed at a time to come: from there the sealer goes on.
    reach: Block | None = None
    on_progress: Callable[[], None] = lambda: None
    _purged_until: int = field(default=0, init=False)
    _early: EarlyPurges = field(init=False)

    def __post_init__(self) -> None:
        self._early = EarlyPurges(self.ctx.settings.audit_retention_days)

    def remarks(self) -> list[str]:
        """What is no fault by itself, once all findings are taken."""
        return self._early.remarks()

    def findings(self, heads: Iterable[str] = ()) -> Iterator[Finding]:
        """All that is not as it was sealed. ``heads`` are lines of AUDIT_HEAD_FILE.

        Raises NotAHead.
        """
        self._hold_still()
        self._purged_until = as_microseconds(seals.purged_until(self.ctx)) or 0
        yield from self._check_blocks()
        yield from self._check_loose_entries()
        yield from self._check_heads(heads)

    def _hold_still(self) -> None:
        """See one state of the database throughout. SQLite does so by itself."""
        if self.ctx.runtime.engine.dialect.name == "postgresql":
            self.ctx.db.execute(text("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    def _check_blocks(self) -> Iterator[Finding]:
        for number in seals.purges_without_block(self.ctx):
            says = "It is listed as purged, but there is no such block."
            yield Finding(Kind.REMOVED, says, number)
        after = 0
        while blocks := self._read_blocks(after):
            for span in _spans(blocks):
                yield from self._check_span(span, after)
                after = span[-1].number
        yield from self._without_block(seals.listed_rows(self.ctx, after, None))

    def _check_span(self, blocks: Sequence[Block], after: int) -> Iterator[Finding]:
        """Check some blocks in a row, against what they list."""
        listed: dict[int, list[Row]] = {block.number: [] for block in blocks}
        orphans: list[RowMapping] = []
        for found in seals.listed_rows(self.ctx, after, blocks[-1].number):
            rows = listed.get(found["block_number"])
            if rows is None:
                orphans.append(found)
            else:
                rows.append(_row(found))
        for block in blocks:
            yield from judge(block, listed[block.number], self.newest, self.ctx.now)
            self._early.look_at(block)
            self.newest = block
            if (block.closed_at or 0) <= (as_microseconds(self.ctx.now) or 0):
                self.reach = block
            self.blocks += 1
            self.purged_blocks += block.purge is not None
        yield from self._without_block(orphans)
        self.on_progress()

    def _without_block(self, rows: Iterable[RowMapping]) -> Iterator[Finding]:
        """Name the first entry of each block that is listed and not there."""
        named = 0
        for row in rows:
            if row["block_number"] != named:
                named = row["block_number"]
                says = "Its entries are listed, but the block was removed."
                entry_id = as_id(row["entry_id"]) or str(row["entry_id"])
                yield Finding(Kind.REMOVED, says, named, entry_id, row["action"])

    def _read_blocks(self, after: int) -> list[Block]:
        rows = seals.blocks_after(self.ctx, after, BLOCKS_AT_ONCE)
        purge_ids = {found for row in rows if (found := as_id(row.purge_id))}
        said = seals.purge_records(self.ctx, purge_ids) if purge_ids else ()
        records = {as_id(record.resource_id): record for record in said}
        return [self._block(row, records.get(as_id(row.purge_id))) for row in rows]

    def _purge(self, row: Any, record: Any) -> Purge | None:
        if row.purge_id is None:
            return None
        at = as_microseconds(row.purged_at)
        return Purge(
            block_hash=bytes(row.purge_hash),
            days=row.retention_days,
            at=at,
            record=_details(record.details) if record else None,
            # The entry about it may be past its time as well.
            record_may_be_purged=at is not None and at <= self._purged_until,
            recorded_at=_time_of(record),
        )

    def _block(self, row: Any, record: Any) -> Block:
        return Block(
            number=row.number,
            closed_at=as_microseconds(row.created_at),
            sealed_until=as_microseconds(row.sealed_until),
            newest_id=as_id(row.newest_id),
            entry_count=row.entry_count,
            previous_hash=_bytes(row.previous_hash),
            hash=_bytes(row.hash),
            purge=self._purge(row, record),
        )

    def _check_loose_entries(self) -> Iterator[Finding]:
        """Entries in no block: young ones wait for the sealer, and it never takes the others."""
        waiting: Loose | None = None
        for count, rows in seals.loose_entries(self.ctx, STEP):
            self.entries += count
            self.on_progress()
            for row in rows:
                entry_id = as_id(row.id) or str(row.id)
                loose = Loose(entry_id, row.action, as_microseconds(row.created_at))
                if is_forgotten(loose, self.reach, self.ctx.now):
                    yield loose.finding(self.ctx.now)
                    continue
                self.unsealed += 1
                if waiting is None and is_waiting_long(loose, self.ctx.now):
                    waiting = loose
        if waiting is not None:
            says = f"{self.unsealed} entries from this one on are in no block: seal_audit must run."
            yield Finding(Kind.UNSEALED, says, None, waiting.entry_id, waiting.action)

    def _check_heads(self, lines: Iterable[str]) -> Iterator[Finding]:
        """Compare with what was kept outside: whoever cut the tail off could not cut it there."""
        heads = (_head(number, line) for number, line in enumerate(lines, start=1) if line.strip())
        while batch := list(islice(heads, HEADS_AT_ONCE)):
            numbers = [head["number"] for head in batch if 0 < head["number"] <= MOST_BLOCKS]
            found = seals.hashes_of(self.ctx, numbers)
            for head in batch:
                number = head["number"]
                if number not in found:
                    says = "The block is on the list of heads, and not there: the tail was cut off."
                    yield Finding(Kind.REMOVED, says, number, head["newest_id"])
                elif _bytes(found[number]).hex() != head["hash"]:
                    says = "The block has another hash than on the list of heads."
                    yield Finding(Kind.CHANGED, says, number, head["newest_id"])


def _spans(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Cut a list of blocks where their entries become too many to hold."""
    span: list[Block] = []
    held = 0
    for block in blocks:
        if span and held + block.entry_count > ROWS_AT_ONCE:
            yield span
            span, held = [], 0
        span.append(block)
        held += block.entry_count
    if span:
        yield span


def _row(found: RowMapping) -> Row:
    entry_id = as_id(found["entry_id"]) or str(found["entry_id"])
    is_there = found["id"] is not None
    return Row(
        entry_id=entry_id,
        position=found["position"],
        sealed=_bytes(found["hash"]),
        now=entry_hash(found) if is_there else None,
        action=found["action"] if is_there else None,
    )


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode()


def _details(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _time_of(entry: Any) -> int | None:
    """When an entry was written, if its id says so too."""
    if entry is None or not is_dated_rightly(entry.id, entry.created_at):
        return None
    return as_microseconds(entry.created_at)


def _head(number: int, line: str) -> dict[str, Any]:
    try:
        head = json.loads(line)
        kept = {"number": int(head["number"]), "hash": str(head["hash"])}
        return kept | {"newest_id": head.get("newest_id")}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise NotAHead(line=number) from None
