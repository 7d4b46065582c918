"""Who is told to stop ends what is begun, and hands back the rest at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.outbox import jobs, service
from gatehouse.outbox.jobs import deliver_outbox
from gatehouse.outbox.models import Outcome
from tests.outbox.bells import messages
from tests.processes import wait_until


def deliver_until(runtime, stop: Event) -> int:
    with unit_of_work(runtime, Origin("deliver"), Actor("job")) as ctx:
        ctx.told_to_stop = stop.is_set
        return deliver_outbox(ctx)


def test_the_next_worker_gets_the_rest_though_one_message_takes_long(ringing, ring, bell):
    ring(service.BATCH)
    first, stop, go_on = messages(ringing)[0].id, Event(), Event()

    def hold(message):
        if message.id == first:
            stop.set()
            assert go_on.wait(20)
        return ()

    bell.does = hold
    with ThreadPoolExecutor(1) as threads:
        stopping = threads.submit(deliver_until, ringing, stop)
        assert stop.wait(20)
        assert wait_until(lambda: any(m.lease is None for m in messages(ringing) if m.attempts < 1))
        with unit_of_work(ringing, Origin()) as ctx:
            left = service.claim(ctx)
        go_on.set()
        begun = stopping.result(20)

    assert begun + len(left) == service.BATCH
    assert 1 <= begun < service.BATCH / 2
    assert {message.attempts for message in left} == {1}
    settled = [message for message in messages(ringing) if message.outcome is Outcome.DELIVERED]
    assert len(settled) == len(bell.heard) == begun


def test_a_process_that_ends_hands_everything_back(ringing, ring, bell, monkeypatch):
    """It serves, and delivers in a thread beside that: its interpreter starts no more threads."""

    def refuse(*_about):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    ring(3)
    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.submit", refuse)

    assert deliver_until(ringing, Event()) == 0

    assert bell.heard == []
    assert {(message.lease, message.attempts) for message in messages(ringing)} == {(None, 0)}
    with unit_of_work(ringing, Origin()) as ctx:
        assert len(service.claim(ctx)) == 3


def test_so_many_are_under_way_at_most(ringing, ring, bell):
    stop = Event()
    bell.does = lambda _message: stop.set() or ()
    ring(service.BATCH)

    assert 1 <= deliver_until(ringing, stop) <= 2 * jobs.AT_A_TIME
