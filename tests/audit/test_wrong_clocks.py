"""The record, when a clock is or was wrong (threat 240). The clock is moved."""

from datetime import timedelta

import pytest
import time_machine

from gatehouse.audit.errors import ClocksApart
from gatehouse.audit.service import clocks, sealing
from tests.audit.ledger import Ledger

AHEAD = timedelta(days=30)


@pytest.fixture
def was_ahead(ledger: Ledger, monkeypatch) -> Ledger:
    """A record of two blocks: the second was closed when host and database were ahead."""
    ledger.fill(3, timedelta(hours=5))
    ledger.seal()
    with monkeypatch.context() as patch, time_machine.travel(AHEAD, tick=False):
        patch.setattr(clocks, "APART", AHEAD * 2)
        ledger.fill(2)
        ledger.seal()
    assert len(ledger.blocks()) == 2
    return ledger


def test_a_clock_that_was_ahead_stops_no_sealing(was_ahead: Ledger, monkeypatch):
    """More than a block of them, over hours in which nobody sealed."""
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 4)
    honest = was_ahead.fill(6, timedelta(hours=4)) + was_ahead.fill(5)
    assert was_ahead.findings()[0].kind == "unsealed"

    assert was_ahead.seal() == 11

    assert [was_ahead.sealed_ids(number) for number in (3, 4, 5)] == [
        honest[:4],
        honest[4:8],
        honest[8:],
    ]
    assert was_ahead.findings() == []
    assert was_ahead.seal() == 0


def test_what_was_sealed_ahead_is_not_sealed_again_when_that_time_has_come(was_ahead: Ledger):
    was_ahead.fill(1)
    was_ahead.seal()
    late = was_ahead.fill(1)

    with time_machine.travel(AHEAD + timedelta(hours=1), tick=False):
        new = was_ahead.fill(1)
        blocks = _seal_anyway(was_ahead)
        assert was_ahead.findings() == []

    assert blocks == [*late, *new]


def _seal_anyway(ledger: Ledger) -> list:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "APART", AHEAD * 2)
        ledger.seal()
    return ledger.sealed_ids(4)


def test_the_way_back_seals_nothing_that_claims_an_older_time(was_ahead: Ledger):
    """Else a clock set ahead for a moment would be a way to forge the past."""
    forged = was_ahead.fill(1, timedelta(hours=8))

    assert was_ahead.seal() == 0
    [finding] = was_ahead.findings()
    assert (finding.kind, finding.entry_id) == ("added", forged[0])


def test_an_entry_of_a_time_to_come_is_called_that(was_ahead: Ledger):
    with time_machine.travel(AHEAD, tick=False):
        [ahead] = was_ahead.fill(1, timedelta())

    [finding] = was_ahead.findings()

    assert (finding.kind, finding.entry_id) == ("added", ahead)
    assert "yet to come" in finding.says


@pytest.mark.only_on("postgresql")
@pytest.mark.parametrize("job", ["seal_audit", "purge_audit"])
@pytest.mark.parametrize("ahead", [AHEAD, -AHEAD])
def test_nothing_is_sealed_or_purged_by_a_clock_that_is_not_the_databases(
    make_ledger, job: str, ahead: timedelta
):
    ledger = make_ledger(AUDIT_RETENTION_DAYS="20")
    ledger.fill(3)
    ledger.seal()
    ledger.fill(3)
    with time_machine.travel(ahead, tick=False), pytest.raises(ClocksApart):
        ledger.run_once(job)

    assert (len(ledger.blocks()), ledger.purged()) == (1, [])
