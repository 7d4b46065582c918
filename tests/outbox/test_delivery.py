"""Messages: put in with the act, delivered at least once, the oldest first, by one at a time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from typing import get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from gatehouse.audit.service import record, record_attempt
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.events import EVENTS
from gatehouse.core.reactions import GivenUp, Postponed
from gatehouse.outbox import jobs, service
from gatehouse.outbox.jobs import purge_outbox
from gatehouse.outbox.models import Message, Outcome
from gatehouse.outbox.queries import counts, dead_messages
from gatehouse.registry import domains
from gatehouse.scheduler.service import run_once
from tests.outbox.bells import Rang, deliver, deliver_all, make_due, messages

THREADS = 8
domains()  # Imports every event there is.


def test_an_act_and_its_message_happen_or_neither(ringing):
    with pytest.raises(ValueError, match="undone"), unit_of_work(ringing, Origin()) as ctx:
        record(ctx, Rang(bell_id=uuid4()))
        raise ValueError("undone")

    assert messages(ringing) == []


def test_a_refusal_leaves_a_message_too(ringing):
    with pytest.raises(ValueError, match="refused"), unit_of_work(ringing, Origin()) as ctx:
        record_attempt(ctx, Rang(bell_id=uuid4()))
        raise ValueError("refused")

    assert len(messages(ringing)) == 1


def test_nobody_handles_it_so_nothing_is_left(runtime):
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))
        record(ctx, Rang(bell_id=uuid4()))

    assert messages(runtime) == []


def test_the_handler_gets_the_event_and_where_it_came_from(ringing, ring, bell):
    (bell_id,) = ring()

    assert deliver(ringing) == 1

    ((event, message, origin, actor),) = bell.heard
    assert event == Rang(bell_id=bell_id, tones=("c", "e"))
    assert (origin.request_id, origin.ip, origin.user_agent) == ("test-ring", "192.0.2.7", "tests")
    assert actor.kind == "job"
    (kept,) = messages(ringing)
    assert (message.id, message.happened_at) == (kept.id, kept.created_at)
    assert (kept.outcome, kept.attempts) == (Outcome.DELIVERED, 1)
    assert deliver(ringing) == 0


@pytest.mark.parametrize("at_a_time", [1, jobs.AT_A_TIME])
def test_the_oldest_comes_first(ringing, ring, bell, monkeypatch, at_a_time):
    """In which order some at a time are heard is up to the database."""
    monkeypatch.setattr(jobs, "AT_A_TIME", at_a_time)
    ids = ring(service.BATCH + 5)

    deliver(ringing)

    heard = [event.bell_id for event, *_ in bell.heard]
    assert (heard if at_a_time == 1 else sorted(heard, key=ids.index)) == ids[: service.BATCH]
    deliver(ringing)
    assert {event.bell_id for event, *_ in bell.heard[service.BATCH :]} == set(ids[service.BATCH :])


def test_what_the_handler_returns_is_done_after_its_transaction(ringing, ring, bell):
    bell.does = lambda _message: [bell.acts.append]
    ring()

    deliver(ringing)

    assert bell.acts == [ringing.ports]


@pytest.mark.parametrize("where", ["handler", "act"])
def test_what_fails_is_tried_again_later_and_the_others_go_on(ringing, ring, bell, where):
    def fail(message):
        if message.id != first or message.is_retry:
            return ()
        if where == "handler":
            raise RuntimeError("password=hunter2hunter2")
        return [lambda _ports: 1 / 0]

    bell.does = fail
    ids = ring(3)
    first = messages(ringing)[0].id
    deliver_all(ringing)

    waiting, *others = messages(ringing)
    assert waiting.settled_at is None
    assert waiting.attempts == 1
    assert "hunter2" not in waiting.last_error
    assert waiting.due_at > waiting.created_at + timedelta(seconds=3)
    assert {message.outcome for message in others} == {Outcome.DELIVERED}

    make_due(ringing)
    deliver_all(ringing)
    assert {event.bell_id for event, *_ in bell.heard[:3]} == set(ids)
    assert bell.heard[3][1].id == first
    assert [message.is_retry for _, message, *_ in bell.heard] == [False, False, False, True]


def test_what_failed_is_not_told_as_done(ringing, ring, bell):
    """Of three rings one fails and one is put off."""
    ids = ring(3)
    answers = dict(zip(ids, (ValueError("no"), Postponed(timedelta(hours=1)), None), strict=True))

    def answer(message):
        event = next(event for event, heard, *_ in bell.heard if heard.id == message.id)
        if trouble := answers[event.bell_id]:
            raise trouble
        return ()

    bell.does = answer
    job = ringing.jobs["deliver_outbox"]

    assert run_once(ringing, job).in_words == "1 done, 2 failed or put off"
    assert run_once(ringing, job).in_words == "0 done"


def test_a_message_that_nobody_will_take_is_given_up(ringing, ring, bell):
    def refuse(_message):
        raise GivenUp("no such mailbox")

    bell.does = refuse
    ring()
    deliver(ringing)

    (message,) = messages(ringing)
    assert message.outcome is Outcome.DEAD
    assert "no such mailbox" in message.last_error


def test_after_the_last_try_it_is_given_up_and_can_be_revived(ringing, ring, bell):
    bell.does = lambda _message: 1 / 0
    ring()
    for _ in range(11):
        make_due(ringing)
        deliver(ringing)
    with unit_of_work(ringing, Origin()) as ctx:
        (dead,) = dead_messages(ctx, limit=10)
        assert counts(ctx) == {"waiting": 0, "dead": 1}
        assert service.revive(ctx, [uuid4()]) == 0
        assert service.revive(ctx, [dead.id]) == 1

    bell.does = lambda _message: ()
    deliver(ringing)

    assert messages(ringing)[0].outcome is Outcome.DELIVERED


def test_what_is_postponed_does_not_count_as_a_try(ringing, ring, bell):
    def later(_message):
        raise Postponed(timedelta(minutes=30))

    bell.does = later
    ring()
    deliver(ringing)

    (message,) = messages(ringing)
    assert message.attempts == 0
    assert message.due_at > message.created_at + timedelta(minutes=29)


def test_a_message_of_another_version_is_given_up(ringing, ring):
    ring()
    with unit_of_work(ringing, Origin()) as ctx:
        ctx.db.execute(update(Message).values(handler="gone.handler"))

    deliver(ringing)

    assert messages(ringing)[0].outcome is Outcome.DEAD


def test_the_message_of_a_worker_that_died_comes_up_again(ringing, ring, bell):
    """Threat 212: it had been taken, and nothing was heard of it since."""
    ring()
    with unit_of_work(ringing, Origin()) as ctx:
        assert len(service.claim(ctx)) == 1
    assert deliver(ringing) == 0

    make_due(ringing)
    deliver(ringing)

    assert len(bell.heard) == 1


def test_whose_lease_is_over_settles_nothing(ringing, ring):
    ring()
    with unit_of_work(ringing, Origin()) as ctx:
        (late,) = service.claim(ctx)
    make_due(ringing)
    with unit_of_work(ringing, Origin()) as ctx:
        assert len(service.claim(ctx)) == 1

    with unit_of_work(ringing, Origin()) as ctx:
        service.fail(ctx, late, "too late", for_good=True)

    (message,) = messages(ringing)
    assert (message.settled_at, message.last_error) == (None, None)


@pytest.mark.parametrize("taken", [False, True])
def test_who_begins_late_asks_whether_the_message_is_still_theirs(
    ringing, ring, bell, monkeypatch, taken
):
    """Threat 243: the first take so long that the lease of the last runs out meanwhile."""
    monkeypatch.setattr(jobs, "AT_A_TIME", 1)
    ids = ring(2)
    last, leases = messages(ringing)[1].id, []

    def wait_long(message):
        if message.id == last:
            leases.append(messages(ringing)[1].due_at - datetime.now(UTC))
            return ()
        waiting = update(Message).where(Message.id == last)
        with unit_of_work(ringing, Origin()) as ctx:
            over = waiting.values(due_at=ctx.now - timedelta(seconds=1))
            ctx.db.execute(over)
            if taken:
                assert [message.id for message in service.claim(ctx)] == [last]
        monkeypatch.setattr(jobs, "LATE", timedelta(seconds=-1))
        return ()

    bell.does = wait_long
    deliver(ringing)

    heard = [event.bell_id for event, *_ in bell.heard]
    assert heard == (ids[:1] if taken else ids)
    assert all(lease > service.LEASE / 2 for lease in leases)
    assert messages(ringing)[1].outcome is (None if taken else Outcome.DELIVERED)


def test_many_workers_deliver_each_message_once(ringing, ring, bell):
    """Threat 243."""
    ids = ring(40)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda _: deliver_all(ringing), range(THREADS)))

    assert sorted(event.bell_id for event, *_ in bell.heard) == sorted(ids)


def test_what_was_settled_long_ago_is_deleted(ringing, ring):
    ring(3)
    deliver_all(ringing)
    with unit_of_work(ringing, Origin()) as ctx:
        oldest = select(Message.id).order_by(Message.id).limit(1).scalar_subquery()
        long_ago = ctx.now - timedelta(days=8)
        ctx.db.execute(update(Message).where(Message.id == oldest).values(settled_at=long_ago))

    with unit_of_work(ringing, Origin()) as ctx:
        assert purge_outbox(ctx) == 1
        assert purge_outbox(ctx) == 0

    assert len(messages(ringing)) == 2


@pytest.mark.parametrize("kind", sorted(EVENTS.values(), key=lambda kind: kind.name))
def test_every_event_survives_its_journey(kind):
    """As JSON and back, with values of every kind that events of this house hold."""
    hints = get_type_hints(kind)
    event = kind(**{field.name: value_for(hints[field.name]) for field in fields(kind)})

    there_and_back = kind.from_payload({**loads(dumps(event.payload())), "of_a_later_version": 1})

    assert there_and_back == event
    for field in fields(kind):
        assert type(getattr(there_and_back, field.name)) is type(getattr(event, field.name))


def value_for(hint):
    if get_origin(hint) is tuple:
        return tuple(value_for(get_args(hint)[0]) for _ in range(2))
    plain = ((UUID, uuid4()), (datetime, datetime.now(UTC)), (bool, True), (int, 3), (str, "text"))
    for kind, value in plain:
        if hint is kind or kind in get_args(hint):
            return value
    return next(iter(hint))
