"""Retention: whole blocks that are past their time, with evidence; and by no other way."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from gatehouse.audit.models import BLOCK_ENTRIES, AuditBlock, AuditEntry, AuditRetention
from gatehouse.audit.service import retention, sealing
from tests.audit.ledger import LINKS, Ledger

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def aged(make_ledger, place, monkeypatch) -> Ledger:
    """Blocks of two: the first two are 40 days old, the third 20, the last of today. Kept 30."""
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 2)
    ledger = make_ledger(AUDIT_RETENTION_DAYS="30")
    if "aged" in place.kept:
        place.put_back("aged")
        return ledger
    for amount, days in ((4, 40), (2, 20), (2, 0)):
        ledger.fill(amount, days * DAY + timedelta(minutes=2))
        ledger.seal()
    assert len(ledger.blocks()) == 4
    place.keep("aged")
    return ledger


def listing(block: AuditBlock, **fields):
    """The statement with which somebody else would list a block."""
    values = {
        "id": uuid4(),
        "created_at": datetime.now(UTC),
        "block_number": block.number,
        "block_hash": block.hash,
        "retention_days": 1,
        "purge_id": uuid4(),
    }
    return insert(AuditRetention).values(values | fields)


def kinds(ledger: Ledger):
    return [(finding.kind, finding.block) for finding in ledger.findings()]


def test_blocks_past_their_time_lose_their_entries_and_keep_their_hashes(aged: Ledger):
    before = aged.blocks()

    assert aged.run("purge_audit") == 4

    assert [block.hash for block in aged.blocks()] == [block.hash for block in before]
    assert [row.block_number for row in aged.purged()] == [1, 2]
    assert [aged.sealed_ids(number) for number in (1, 2)] == [[], []]
    assert aged.count(AuditEntry) == 5
    assert aged.findings() == []
    check, _ = aged.verify()
    assert (check.blocks, check.purged_blocks) == (4, 2)


def test_the_purge_is_on_record(aged: Ledger):
    last = aged.blocks()[1]
    aged.run("purge_audit")

    [entry] = aged.entries(AuditEntry.action == "audit.purged")

    assert entry.actor_kind == "job"
    assert entry.resource_id == aged.purged()[0].purge_id
    assert entry.details == {
        "purge_id": str(entry.resource_id),
        "first_block": 1,
        "last_block": 2,
        "days": 30,
        "entries": 4,
        "block_hash": last.hash.hex(),
    }


def test_a_second_run_finds_nothing(aged: Ledger):
    aged.run("purge_audit")

    assert aged.run("purge_audit") == 0
    assert len(aged.entries(AuditEntry.action == "audit.purged")) == 1


def test_one_run_deletes_a_bounded_number(aged: Ledger, monkeypatch):
    monkeypatch.setattr(retention, "MOST_ENTRIES", 3)

    assert [aged.run_once("purge_audit") for _ in range(3)] == [2, 2, 0]
    assert aged.findings() == []


def test_by_default_nothing_is_ever_deleted(make_ledger):
    ledger = make_ledger()
    ledger.fill(2, 4000 * DAY)
    ledger.seal()

    assert ledger.run("purge_audit") == 0
    assert ledger.count(AuditEntry) == 2


def test_what_is_not_sealed_is_not_deleted(make_ledger):
    ledger = make_ledger(AUDIT_RETENTION_DAYS="1")
    ledger.fill(2, 10 * DAY)

    assert ledger.run("purge_audit") == 0
    assert ledger.count(AuditEntry) == 2


def test_two_purgers_purge_once(aged: Ledger):
    """Threat 212."""
    start = Barrier(2)

    def purge(_: int) -> int:
        start.wait()
        return aged.run_once("purge_audit")

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(purge, range(2))) == 4

    assert len(aged.purged()) == 2
    assert aged.findings() == []


def test_the_record_of_an_old_purge_may_be_purged_itself(make_ledger, monkeypatch):
    ledger = make_ledger(AUDIT_RETENTION_DAYS="30")
    ledger.fill(2, 90 * DAY)
    ledger.seal()
    ledger.disarm()
    block = ledger.blocks()[0]
    ledger.execute(
        listing(block, retention_days=30, created_at=datetime.now(UTC) - 50 * DAY),
        delete(AuditEntry),
        delete(BLOCK_ENTRIES),
    )
    assert kinds(ledger) == [("removed", 1)]
    ledger.fill(1, 40 * DAY)
    ledger.seal()

    # The second block is purged as well, and with it would be the entry about the first.
    second = ledger.blocks()[1]
    ledger.execute(listing(second, retention_days=30))

    found = kinds(ledger)
    assert ("removed", 1) not in found


def test_somebody_who_lists_a_block_is_found_out(aged: Ledger):
    """Ruling 25: it can be done with the application's password, but not unseen."""
    block = aged.blocks()[0]

    aged.execute(listing(block))

    assert aged.sealed_ids(1) == []
    [finding] = aged.findings()
    assert (finding.kind, finding.block) == ("removed", 1)
    assert "no audit.purged entry" in finding.says


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        (4, {}),
        (3, {"retention_days": 21}),
        (4, {"retention_days": 0}),
        (4, {"retention_days": -1}),
        (4, {"retention_days": 2**31 - 1}),
        (1, {"created_at": datetime.now(UTC) + 2 * HOUR}),
        (4, {"created_at": datetime(2099, 1, 1, tzinfo=UTC), "retention_days": 365}),
        (1, {"created_at": datetime.now(UTC) - 40 * DAY}),
    ],
)
def test_a_block_whose_time_is_not_over_cannot_be_listed(aged: Ledger, number, fields):
    """Threat 209."""
    with pytest.raises(DBAPIError):
        aged.execute(listing(aged.blocks()[number - 1], **fields))

    assert len(aged.sealed_ids(number)) == 2
    assert aged.findings() == []


@pytest.mark.parametrize(("days", "retention_days"), [(0, 1), (365 * 80, 365), (1, 1)])
def test_a_young_block_that_was_purged_without_triggers_is_found_out(
    aged: Ledger, days, retention_days
):
    """Threat 209. A listing dated to come, and an entry about it of today or of that time."""
    block, now, purge_id = aged.blocks()[3], datetime.now(UTC), uuid4()
    at, said = now + days * DAY, {"first_block": 4, "last_block": 4, "days": retention_days}
    listed = {"created_at": at, "purge_id": purge_id, "retention_days": retention_days}
    aged.fill(1, now - at, action="audit.purged", resource_id=purge_id, details=said)
    aged.fill(1, timedelta(0), action="audit.purged", resource_id=purge_id, details=said)
    ids = aged.sealed_ids(4)

    aged.tamper(
        listing(block, **listed),
        delete(AuditEntry).where(AuditEntry.id.in_(ids)),
        delete(BLOCK_ENTRIES).where(LINKS.block_number == 4),
    )

    found = [finding.says for finding in aged.findings() if finding.block == 4]
    assert f"It was purged before its {retention_days} days of retention were over." in found
    assert ("It was purged at a time that is yet to come." in found) is (days > 0)


def test_a_purge_that_the_setting_of_today_would_not_make_is_remarked(aged: Ledger):
    """Threat 209: no finding, for the setting may have been another."""
    verify = partial(aged.app.test_cli_runner().invoke, args=["audit", "verify"])
    aged.run("purge_audit")
    assert "remark" not in verify().output
    block, purge_id = aged.blocks()[2], uuid4()
    said = {"first_block": 3, "last_block": 3, "days": 7}
    aged.fill(1, timedelta(0), action="audit.purged", resource_id=purge_id, details=said)

    aged.execute(listing(block, purge_id=purge_id, retention_days=7))

    told = verify()
    assert told.exit_code == 0
    assert "AUDIT_RETENTION_DAYS=30 would have kept: 1, from 3 to 3, after 7 days" in told.output
    [summary] = verify(args=["audit", "verify", "--json"]).output.splitlines()
    assert json.loads(summary)["remarks"][0] in told.output


def test_a_listed_block_is_purged_whole_or_not_at_all(aged: Ledger):
    """There is no moment at which a listed block has entries, so none of them can be picked."""
    victim = aged.sealed_ids(1)[0]

    aged.execute(listing(aged.blocks()[0]), delete(AuditEntry).where(AuditEntry.id == victim))

    assert aged.sealed_ids(1) == []
    assert aged.entries(AuditEntry.id == victim) == []
    assert aged.count(AuditEntry) == 6


@pytest.mark.parametrize(
    "statement",
    [
        delete(AuditEntry),
        delete(BLOCK_ENTRIES),
        update(AuditEntry).values(ip=None),
        delete(AuditRetention),
        update(AuditRetention).values(block_number=3),
        update(AuditRetention).values(retention_days=1),
        delete(AuditBlock),
    ],
    ids=str,
)
def test_after_a_purge_the_rest_is_as_closed_as_before(aged: Ledger, statement):
    aged.run("purge_audit")

    with pytest.raises(DBAPIError, match="cannot be changed"):
        aged.execute(statement)

    assert aged.findings() == []


def test_nothing_joins_a_purged_block_to_be_deleted_with_it(make_ledger):
    ledger = make_ledger(AUDIT_RETENTION_DAYS="30")
    ledger.fill(2, 40 * DAY)
    ledger.seal()
    ledger.execute(listing(ledger.blocks()[0]))
    [victim] = ledger.fill(1)
    link = insert(BLOCK_ENTRIES).values(entry_id=victim, block_number=1, position=0, hash=bytes(32))

    with pytest.raises(DBAPIError, match="the block is closed"):
        ledger.execute(link, delete(AuditEntry).where(AuditEntry.id == victim))

    assert len(ledger.entries(AuditEntry.id == victim)) == 1


@pytest.mark.parametrize("number", [0, 5, 99, -1])
def test_a_block_that_does_not_exist_cannot_be_listed(aged: Ledger, number):
    with pytest.raises(DBAPIError, match="there is no such block"):
        aged.execute(listing(aged.blocks()[0], block_number=number))


def test_a_block_cannot_be_listed_twice(aged: Ledger):
    aged.run("purge_audit")

    with pytest.raises(DBAPIError):
        aged.execute(listing(aged.blocks()[0]))


def test_a_forged_block_around_an_unsealed_entry_is_found_out(aged: Ledger):
    """The one way to delete an entry without dropping triggers leaves two rows behind for good."""
    [victim] = aged.fill(1, timedelta(seconds=5))
    newest = aged.blocks()[3]
    forged = {
        "id": uuid4(),
        "number": 5,
        "entry_count": 1,
        "created_at": datetime.now(UTC),
        "sealed_until": newest.sealed_until - 2 * DAY,
        "newest_id": victim,
        "previous_hash": newest.hash,
        "hash": bytes(32),
    }
    link = {"entry_id": victim, "block_number": 5, "position": 0, "hash": bytes(32)}
    aged.execute(insert(AuditBlock).values(forged), insert(BLOCK_ENTRIES).values(link))
    aged.execute(listing(aged.blocks()[4]))

    assert aged.entries(AuditEntry.id == victim) == []
    assert {block for _, block in kinds(aged)} == {5}


def test_entries_lost_without_a_listing_are_named(aged: Ledger):
    ids = aged.sealed_ids(1)
    aged.tamper(
        delete(AuditEntry).where(AuditEntry.id.in_(ids)),
        delete(BLOCK_ENTRIES).where(LINKS.block_number == 1),
    )

    assert kinds(aged) == [("removed", 1)]


def test_entries_that_came_back_into_a_purged_block_are_named(aged: Ledger):
    aged.run("purge_audit")
    [back] = aged.fill(1)
    link = {"entry_id": back, "block_number": 2, "position": 0, "hash": bytes(32)}

    aged.tamper(insert(BLOCK_ENTRIES).values(link))

    [finding] = aged.findings()
    assert (finding.kind, finding.block, finding.entry_id) == ("added", 2, back)


def test_sealing_goes_on_after_everything_was_purged(make_ledger):
    ledger = make_ledger(AUDIT_RETENTION_DAYS="1")
    ledger.fill(3, 3 * DAY)
    ledger.seal()
    ledger.run("purge_audit")
    later = ledger.fill(2, timedelta(minutes=2))

    ledger.seal()

    assert ledger.sealed_ids(2)[:2] == later
    assert ledger.findings() == []


@pytest.mark.parametrize("days", ["-1", "x", "1.5", "36501", "9999999999"])
def test_a_retention_that_makes_no_sense_is_refused(make_ledger, days):
    with pytest.raises(RuntimeError, match="AUDIT_RETENTION_DAYS"):
        make_ledger(AUDIT_RETENTION_DAYS=days)


def test_both_jobs_are_commands(aged: Ledger):
    runner = aged.app.test_cli_runner()

    assert runner.invoke(args=["seal_audit"]).exit_code == 0
    assert runner.invoke(args=["purge_audit"]).exit_code == 0
    listed = select(func.count()).select_from(AuditRetention)
    assert aged.all(listed) == [2]
