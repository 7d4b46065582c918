"""Sealing: which entries fall into which block, once, however many seal; and what is hashed."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from gatehouse.audit.models import BLOCK_ENTRIES, AuditBlock, AuditEntry, AuditRetention
from gatehouse.audit.rules.hashing import (
    as_id,
    as_microseconds,
    as_moment,
    block_hash,
    entry_hash,
    least_id,
    milliseconds_of,
)
from gatehouse.audit.service import sealing
from tests.audit.ledger import Ledger, id_of

SOME_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
OTHER_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8058")
AT = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
ENTRY = {
    "id": SOME_ID,
    "created_at": AT,
    "action": "member.added",
    "org_id": OTHER_ID,
    "actor_kind": "user",
    "actor_id": SOME_ID,
    "user_id": None,
    "resource_type": "member",
    "resource_id": None,
    "ip": "192.0.2.7",
    "user_agent": "tests/1.0",
    "request_id": "test-request",
    "success": True,
    "details": '{"a": 1, "b": [true, "é"]}',
}


@pytest.mark.parametrize(
    "same",
    [
        {"id": SOME_ID.hex, "org_id": OTHER_ID.hex, "actor_id": SOME_ID.hex},
        {"created_at": "2026-03-14 15:09:26.535897"},
        {"created_at": "2026-03-14 15:09:26.535897+00"},
        {"created_at": "2026-03-14 16:09:26.535897+01:00"},
        {"success": 1},
        {"details": '{"b":[true,"\\u00e9"],"a":1}'},
    ],
)
def test_an_entry_has_one_hash_however_the_database_spells_it(same):
    assert entry_hash(ENTRY | same) == entry_hash(ENTRY)


@pytest.mark.parametrize(
    "other",
    [
        {"id": OTHER_ID},
        {"id": str(SOME_ID)},
        {"id": SOME_ID.hex.upper()},
        {"id": "nonsense"},
        {"created_at": AT + timedelta(microseconds=1)},
        {"created_at": "2026-03-14T15:09:26.535897"},
        {"created_at": "infinity"},
        {"created_at": 5},
        {"action": "member.adde"},
        {"action": "member.addedm"},
        {"action": None},
        {"action": b"member.added"},
        {"org_id": None},
        {"org_id": SOME_ID},
        {"actor_id": None, "user_id": SOME_ID},
        {"actor_kind": "job"},
        {"resource_type": ""},
        {"resource_id": SOME_ID},
        {"ip": None},
        {"ip": ""},
        {"ip": "192.0.2.7tests/1.0", "user_agent": ""},
        {"ip": "192.0.2.", "user_agent": "7tests/1.0"},
        {"request_id": "\udc80"},
        {"success": False},
        {"success": 0},
        {"success": 7},
        {"success": "1"},
        {"success": None},
        {"details": '{"a": 1, "b": [true, "e"]}'},
        {"details": '{"a": 1, "b": [1, "é"]}'},
        {"details": '{"a": "1", "b": [true, "é"]}'},
        {"details": "{}"},
        {"details": "null"},
        {"details": None},
        {"details": "{"},
        {"details": b"\xff"},
        {"details": "1" * 5000},
        {"details": "[" * 100_000},
    ],
)
def test_any_other_value_in_any_column_makes_another_hash(other):
    assert entry_hash(ENTRY | other) != entry_hash(ENTRY)


def test_the_form_is_frozen():
    """Seals are kept for years: a change of this hash needs a new version of the form."""
    assert entry_hash(ENTRY).hex() == (
        "0740124e8a1841ee95dd19a1a2cfb1360f35e4a09da8e5a7e8265b0046484f95"
    )
    assert block_hash(2, bytes(32), (1, 2), SOME_ID, [(SOME_ID, b"x" * 32)]).hex() == (
        "dfc887b9b11598a3abee9de9f68203b4da870d1fb1003bf59e84f6f513403cbe"
    )


BLOCK = (2, b"p" * 32, (10, 5), SOME_ID, ((SOME_ID, b"1" * 32), (OTHER_ID, b"2" * 32)))


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (0, 3),
        (1, b"q" * 32),
        (2, (11, 5)),
        (2, (10, 6)),
        (2, (1, 5)),
        (2, (None, 5)),
        (3, OTHER_ID),
        (3, None),
        (4, ((OTHER_ID, b"2" * 32), (SOME_ID, b"1" * 32))),
        (4, ((SOME_ID, b"1" * 32),)),
        (4, ((SOME_ID, b"1" * 32), (OTHER_ID, b"3" * 32))),
        (4, ((SOME_ID, b"1" * 32), (None, b"2" * 32))),
        (4, ()),
    ],
)
def test_a_block_is_hashed_over_its_place_times_and_entries(place, other):
    changed = (*BLOCK[:place], other, *BLOCK[place + 1 :])

    assert block_hash(*changed) != block_hash(*BLOCK)


def test_times_and_ids_there_and_back():
    assert as_moment(as_microseconds(AT)) == AT
    assert as_moment(-1) < as_moment(0)
    assert milliseconds_of(least_id(AT)) == as_microseconds(AT) // 1000
    assert least_id(AT) <= id_of(AT) < least_id(AT + timedelta(milliseconds=1))
    assert [as_id(value) for value in (None, 5, "", "x" * 32, SOME_ID.hex)] == [
        *[None] * 4,
        SOME_ID,
    ]


def test_consecutive_entries_fall_into_blocks_that_lead_back(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 4)
    ids = ledger.fill(10)

    assert ledger.seal() == 10

    blocks = ledger.blocks()
    assert [(block.number, block.entry_count) for block in blocks] == [(1, 4), (2, 4), (3, 2)]
    assert [block.previous_hash for block in blocks] == [
        bytes(32),
        blocks[0].hash,
        blocks[1].hash,
    ]
    assert [entry for block in blocks for entry in ledger.sealed_ids(block.number)] == ids
    assert [block.newest_id for block in blocks] == [ids[3], ids[7], ids[9]]
    assert ledger.seal() == 0
    assert len(ledger.blocks()) == 3


def test_nothing_is_sealed_where_nothing_is(ledger: Ledger):
    assert ledger.seal() == 0
    assert ledger.blocks() == []


def test_entries_ripen_for_a_minute(ledger: Ledger):
    ledger.fill(3, timedelta(seconds=50))
    old = ledger.fill(2, timedelta(seconds=70))

    assert ledger.seal() == 2
    assert ledger.sealed_ids(1) == old


def test_who_commits_late_falls_into_the_next_block(ledger: Ledger):
    first = ledger.fill(2, timedelta(minutes=3))
    ledger.seal()
    late = ledger.fill(2, timedelta(minutes=10))
    fresh = ledger.fill(1, timedelta(minutes=2))

    assert ledger.seal() == 3

    assert ledger.sealed_ids(1) == first
    assert ledger.sealed_ids(2) == [*late, *fresh]
    assert ledger.findings() == []


def test_reach_never_goes_back(ledger: Ledger):
    ledger.fill(1, timedelta(minutes=3))
    ledger.seal()
    ledger.fill(1, timedelta(minutes=10))
    ledger.seal()

    one, two = ledger.blocks()
    assert (two.newest_id, two.sealed_until) == (one.newest_id, one.sealed_until)


def test_an_entry_that_claims_an_old_or_a_future_time_is_never_sealed(ledger: Ledger):
    """It would otherwise pass for one that was there at its time, or stop the sealer."""
    now = datetime.now(UTC)
    ledger.fill(2)
    ledger.seal()
    ledger.fill(1, timedelta(minutes=2), created_at=now - timedelta(days=2))
    ledger.fill(1, timedelta(minutes=2), created_at=now + timedelta(days=400))
    ledger.fill(1, timedelta(days=2))
    honest = ledger.fill(1, timedelta(minutes=2))

    assert ledger.seal() == 1

    assert ledger.sealed_ids(2) == honest
    assert [finding.kind for finding in ledger.findings()] == ["added"] * 3


def test_a_long_pause_of_the_sealer_is_made_up_for(ledger: Ledger):
    ledger.fill(3, timedelta(days=40))
    ledger.seal()
    ledger.fill(3, timedelta(days=20))
    ledger.fill(3, timedelta(days=1))

    assert ledger.seal() == 6
    assert ledger.findings() == []


def test_two_sealers_close_each_entry_once(ledger: Ledger, monkeypatch):
    """Threat 212."""
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 7)
    ids = ledger.fill(60)
    start = Barrier(4)

    def seal(_: int) -> int:
        start.wait()
        return sum(ledger.run_once("seal_audit") for _ in range(6))

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(seal, range(4)))
    done += ledger.seal()

    assert done == 60
    numbers = [block.number for block in ledger.blocks()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [entry for number in numbers for entry in ledger.sealed_ids(number)] == ids
    assert ledger.findings() == []


@pytest.mark.parametrize(
    "statement",
    [
        update(AuditBlock).values(hash=bytes(32)),
        delete(AuditBlock),
        update(BLOCK_ENTRIES).values(position=BLOCK_ENTRIES.c.position + 1000),
        delete(BLOCK_ENTRIES),
        update(AuditRetention).values(retention_days=1),
        delete(AuditRetention),
    ],
    ids=str,
)
def test_seals_refuse_change_and_deletion(ledger: Ledger, statement):
    ledger.fill(3, timedelta(days=3))
    ledger.seal()
    ledger.fill(2)
    ledger.seal()
    ledger.execute(purge_of(1))

    with pytest.raises(DBAPIError, match="cannot be changed"):
        ledger.execute(statement)


def purge_of(number: int):
    now = datetime.now(UTC)
    values = {"id": id_of(now), "purge_id": id_of(now), "created_at": now, "retention_days": 1}
    return insert(AuditRetention).values(block_number=number, block_hash=bytes(32), **values)


@pytest.mark.only_on("postgresql")  # SQLite has no TRUNCATE.
def test_tables_of_seals_cannot_be_emptied_at_once(ledger: Ledger):
    for table in ("audit_blocks", "audit_block_entries", "audit_retention"):
        with pytest.raises(DBAPIError, match="cannot be changed"):
            ledger.execute(f"TRUNCATE {table}")


def test_nothing_joins_a_block_that_is_closed(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 2)
    ledger.fill(4)
    ledger.seal()
    [extra] = ledger.fill(1)
    link = {"entry_id": extra, "position": 9, "hash": bytes(32)}

    for number in (1, 3, 0):
        with pytest.raises(DBAPIError, match="the block is closed"):
            ledger.execute(insert(BLOCK_ENTRIES).values(block_number=number, **link))


def test_a_temporary_table_of_the_same_name_opens_nothing(ledger: Ledger):
    ledger.fill(2)
    ledger.seal()
    create = "CREATE TEMP TABLE audit_retention (block_number bigint)"

    with ledger.runtime.engine.connect() as db:
        db.execute(text(create))
        db.execute(
            text(
                "INSERT INTO temp.audit_retention VALUES (1)"
                if ledger.is_sqlite
                else "INSERT INTO pg_temp.audit_retention VALUES (1)"
            )
        )
        with pytest.raises(DBAPIError, match="cannot be changed"):
            db.execute(delete(AuditEntry))


def test_the_newest_head_is_added_to_a_file(make_ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 2)
    path = tmp_path / "heads.jsonl"
    ledger = make_ledger(AUDIT_HEAD_FILE=str(path))
    ids = ledger.fill(4)
    ledger.seal()

    lines = path.read_text().splitlines()

    first, second = map(json.loads, lines)
    newest = ledger.blocks()[1]
    assert (first["number"], first["newest_id"]) == (1, str(ids[1]))
    assert second == {
        "number": 2,
        "closed_at": second["closed_at"],
        "newest_id": str(ids[3]),
        "hash": newest.hash.hex(),
    }
    assert ledger.findings(lines) == []


def test_a_head_that_cannot_be_written_stops_nothing(make_ledger, tmp_path, caplog):
    ledger = make_ledger(AUDIT_HEAD_FILE=str(tmp_path / "missing" / "heads.jsonl"))
    ledger.fill(2)

    assert ledger.seal() == 2

    assert len(ledger.blocks()) == 1


def test_no_head_is_written_for_what_is_rolled_back(make_ledger, tmp_path, monkeypatch):
    path = tmp_path / "heads.jsonl"
    ledger = make_ledger(AUDIT_HEAD_FILE=str(path))
    ledger.fill(2)
    ledger.execute("ALTER TABLE audit_block_entries RENAME TO audit_block_entries_gone")

    with pytest.raises(DBAPIError):
        ledger.seal()
    ledger.execute("ALTER TABLE audit_block_entries_gone RENAME TO audit_block_entries")

    assert not path.exists()
