"""Messages of a machine whose clock is ahead wait for nothing, those that were put off do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep
from uuid import uuid4

import pytest
from sqlalchemy import update

from gatehouse.audit.service import record
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.reactions import Postponed
from gatehouse.outbox import service
from gatehouse.outbox.jobs import mend_outbox
from gatehouse.outbox.models import Message
from gatehouse.outbox.rules import LONGEST_WAIT, WAITS, wait_after
from tests.outbox.bells import Rang, deliver, messages


def mend(runtime) -> int:
    with unit_of_work(runtime, Origin()) as ctx:
        return mend_outbox(ctx)


@pytest.mark.parametrize("ahead", [timedelta(seconds=30), timedelta(hours=1), timedelta(days=900)])
def test_a_message_from_a_clock_that_is_ahead_is_delivered_now(ringing, bell, ahead):
    """Threat 240. The mail came when that hour had come."""
    with unit_of_work(ringing, Origin()) as ctx:
        ctx.now += ahead
        record(ctx, Rang(bell_id=uuid4()))
    assert deliver(ringing) == 0

    assert (mend(ringing), mend(ringing)) == (1, 0)

    assert deliver(ringing) == 1
    assert len(bell.heard) == 1


@pytest.mark.parametrize("why", ["failed", "postponed"])
def test_what_was_put_off_goes_on_waiting(ringing, ring, bell, why):
    def refuse(_message):
        raise Postponed(timedelta(hours=1)) if why == "postponed" else OSError("away")

    bell.does = refuse
    ring()
    deliver(ringing)

    assert (mend(ringing), deliver(ringing)) == (0, 0)


def test_what_somebody_has_taken_stays_theirs(ringing, ring):
    ring()
    with unit_of_work(ringing, Origin()) as ctx:
        assert len(service.claim(ctx)) == 1

    assert (mend(ringing), deliver(ringing)) == (0, 0)


@pytest.mark.only_on("postgresql")
def test_what_is_taken_while_it_is_looked_at_stays_theirs(ringing, ring):
    """Seen as ahead by a machine that is behind, and then locked by whoever takes it."""
    ring()
    with unit_of_work(ringing, Origin()) as taking:
        assert len(service.claim(taking)) == 1
        with ThreadPoolExecutor(1) as other, unit_of_work(ringing, Origin()) as behind:
            behind.now -= timedelta(minutes=1)
            mended = other.submit(service.mend, behind)
            sleep(0.2)
            assert not mended.done()
            taking.db.commit()

            assert mended.result() == 0


def test_what_a_clock_that_was_ahead_put_off_for_years_is_tried_now(ringing, ring, bell):
    ring()
    with unit_of_work(ringing, Origin()) as ctx:
        wrong = {"due_at": ctx.now + timedelta(days=900), "attempts": 1}
        ctx.db.execute(update(Message).values(wrong))

    assert mend(ringing) == 1

    assert deliver(ringing) == 1
    assert messages(ringing)[0].attempts == 2


def test_no_wait_that_we_ask_for_is_taken_for_a_mistake():
    assert max(wait_after(tries, 1) for tries in range(1, len(WAITS) + 1)) < LONGEST_WAIT
