"""What is wrong with a block: the pure rules as tables (threat 209)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gatehouse.audit.rules.hashing import as_microseconds, block_hash
from gatehouse.audit.rules.verdicts import Block, Kind, Loose, Purge, Row, is_forgotten, judge
from tests.audit.ledger import id_of

NOW = datetime(1970, 2, 10, tzinfo=UTC)  # 40 days after the epoch
DAY = 86_400_000_000  # microseconds


class Chain:
    """Blocks and rows as they are read, without a database."""

    def __init__(self) -> None:
        self.rows = [row_at(place) for place in range(4)]
        self.before = block_of([], number=1)
        self.block = block_of(self.rows, number=2, previous=self.before.hash)


def row_at(place: int, **fields) -> Row:
    own = bytes([place]) * 32
    row = {"entry_id": UUID(int=place + 1), "position": place, "sealed": own, "now": own}
    return Row(**{**row, "action": f"test.act_{place}", **fields})


def block_of(rows: list[Row], *, number: int, previous: bytes = bytes(32), **fields) -> Block:
    listed = [(row.entry_id, row.sealed) for row in rows]
    newest = UUID(int=9)
    own = block_hash(number, previous, (5 * DAY, 4 * DAY), newest, listed)
    return Block(number, 5 * DAY, 4 * DAY, newest, len(rows), previous, own, **fields)


def but(thing, **fields):
    """The same, but for these fields."""
    values = {name: getattr(thing, name) for name in thing.__slots__}
    return type(thing)(**{**values, **fields})


def verdicts(block: Block, rows: list[Row], before: Block | None):
    found = judge(block, rows, before, NOW)
    return [(finding.kind, finding.block, finding.entry_id) for finding in found]


def test_a_block_as_it_was_sealed_is_right():
    chain = Chain()

    assert verdicts(chain.block, chain.rows, chain.before) == []


FORGED = b"f" * 32


@pytest.mark.parametrize(
    ("rows", "kind", "row"),
    [
        (lambda rows: [rows[0], but(rows[1], now=FORGED), *rows[2:]], Kind.CHANGED, 2),
        (lambda rows: [rows[0], but(rows[1], now=None), *rows[2:]], Kind.REMOVED, 2),
        (lambda rows: [rows[0], but(rows[1], sealed=FORGED), *rows[2:]], Kind.CHANGED, 2),
        (lambda rows: [rows[0], *rows[2:]], Kind.REMOVED, 3),
        (lambda rows: rows[1:], Kind.REMOVED, 2),
        (lambda rows: rows[:3], Kind.REMOVED, 3),
        (lambda _: [], Kind.REMOVED, None),
        (lambda rows: [*rows, row_at(4)], Kind.ADDED, 5),
        (
            lambda rows: [*rows[:2], row_at(2, entry_id=UUID(int=99)), *placed(rows[2:], 3)],
            Kind.ADDED,
            99,
        ),
        (lambda rows: placed([rows[0], rows[2], rows[1], rows[3]], 0), Kind.CHANGED, 2),
        (lambda rows: [but(rows[0], entry_id=UUID(int=50)), *rows[1:]], Kind.CHANGED, 2),
        (
            lambda rows: [rows[0], but(rows[1], now=FORGED, sealed=FORGED), *rows[2:]],
            Kind.CHANGED,
            1,
        ),
    ],
)
def test_the_first_row_that_is_not_as_it_was_is_named(rows, kind, row):
    chain = Chain()

    found = verdicts(chain.block, rows(chain.rows), chain.before)

    assert found[0] == (kind, 2, UUID(int=row) if row else None)


def placed(rows: list[Row], start: int) -> list[Row]:
    return [but(row, position=place) for place, row in enumerate(rows, start)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"number": 3}, [(Kind.REMOVED, 2, None), (Kind.CHANGED, 3, UUID(int=1))]),
        ({"number": 5}, [(Kind.REMOVED, 2, None), (Kind.CHANGED, 5, UUID(int=1))]),
        ({"previous_hash": FORGED}, [(Kind.CHANGED, 2, None), (Kind.CHANGED, 2, UUID(int=1))]),
        ({"hash": FORGED}, [(Kind.CHANGED, 2, UUID(int=1))]),
        ({"closed_at": 6 * DAY}, [(Kind.CHANGED, 2, UUID(int=1))]),
        ({"closed_at": None}, [(Kind.CHANGED, 2, UUID(int=1))]),
        ({"sealed_until": 1}, [(Kind.CHANGED, 2, UUID(int=1))]),
        ({"newest_id": None}, [(Kind.CHANGED, 2, UUID(int=1))]),
        ({"entry_count": 3}, [(Kind.CHANGED, 2, None)]),
    ],
)
def test_a_block_that_is_not_as_it_was_is_named(fields, expected):
    chain = Chain()

    assert verdicts(but(chain.block, **fields), chain.rows, chain.before) == expected


RECORD = {"first_block": 1, "last_block": 3, "days": 30}
PURGE = Purge(b"", 30, 35 * DAY, RECORD, record_may_be_purged=False, recorded_at=35 * DAY)
HOUR = DAY // 24


@pytest.mark.parametrize(
    ("fields", "rows", "expected"),
    [
        ({}, 0, []),
        ({"record": None, "record_may_be_purged": True}, 0, []),
        ({"record": None}, 0, [Kind.REMOVED]),
        ({"record": {}}, 0, [Kind.REMOVED]),
        ({"record": {**RECORD, "first_block": 3}}, 0, [Kind.REMOVED]),
        ({"record": {**RECORD, "last_block": 1}}, 0, [Kind.REMOVED]),
        ({"record": {**RECORD, "first_block": "1"}}, 0, [Kind.REMOVED]),
        ({"record": {**RECORD, "days": 29}}, 0, [Kind.REMOVED]),
        ({"at": 34 * DAY - 1, "recorded_at": 34 * DAY - 1}, 0, [Kind.REMOVED]),
        ({"at": None, "record": None, "record_may_be_purged": True}, 0, [Kind.REMOVED]),
        ({"at": 35 * DAY + HOUR}, 0, []),
        ({"at": 35 * DAY + HOUR + 1}, 0, [Kind.REMOVED]),
        ({"at": 35 * DAY - HOUR - 1}, 0, [Kind.REMOVED]),
        ({"recorded_at": None}, 0, [Kind.REMOVED]),
        ({"recorded_at": 34 * DAY - 1, "at": 34 * DAY}, 0, [Kind.REMOVED]),
        ({"at": 40 * DAY + HOUR, "recorded_at": 40 * DAY + HOUR}, 0, []),
        ({"at": 40 * DAY + HOUR + 1, "recorded_at": 40 * DAY + HOUR}, 0, [Kind.REMOVED]),
        ({"days": 0, "record": {**RECORD, "days": 0}}, 0, [Kind.REMOVED]),
        ({"days": -5, "record": {**RECORD, "days": -5}}, 0, [Kind.REMOVED]),
        ({"block_hash": FORGED}, 0, [Kind.CHANGED]),
        ({}, 2, [Kind.ADDED]),
    ],
)
def test_a_purge_must_be_whole_due_and_on_record(fields, rows, expected):
    chain = Chain()
    purge = but(PURGE, **{"block_hash": chain.block.hash, **fields})
    block = but(chain.block, purge=purge)

    found = verdicts(block, chain.rows[:rows], chain.before)

    assert [kind for kind, _, _ in found] == expected


def test_times_are_compared_as_moments():
    moment = datetime(2026, 1, 1, tzinfo=UTC)

    assert as_microseconds(moment) == as_microseconds("2026-01-01 01:00:00+01:00")


LATER = NOW + timedelta(days=1)
CLOSED = block_of([], number=3)


@pytest.mark.parametrize(
    ("entry_id", "at", "is_lost"),
    [
        (id_of(NOW), NOW, False),
        ("no id", NOW, True),
        (id_of(NOW), None, True),
        (id_of(NOW), LATER, True),
        (id_of(LATER), LATER, True),
    ],
)
@pytest.mark.parametrize(
    "newest", [None, CLOSED, but(CLOSED, newest_id=None)], ids=["first", "next", "empty"]
)
def test_what_the_sealer_will_never_take(entry_id, at, is_lost, newest):
    loose = Loose(entry_id, "test.act", as_microseconds(at))

    assert is_forgotten(loose, newest, NOW) is is_lost
