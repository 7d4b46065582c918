"""Workers are killed in the middle of a mail, and two work at once: nothing lost, nothing twice."""

from collections import Counter
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import func, select, update

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import ask_for_link
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.outbox.jobs import AT_A_TIME
from gatehouse.outbox.models import Message
from tests.faults.house import House, durable_postgres
from tests.processes import wait_until
from tests.sink import sink

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request, tmp_path):
    if request.param == "sqlite":
        yield House(tmp_path, {"DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}"})
        return
    with durable_postgres(tmp_path) as postgres:
        house = House(tmp_path, {"DATABASE_URL": postgres.url()})
        yield house
        house.runtime.engine.dispose()


def ask_for_mails(house: House, count: int) -> list[str]:
    """Let so many people ask for a new password. Returns their addresses, in order."""
    addresses = [house.make.user().email for _ in range(count)]
    for address in addresses:
        with unit_of_work(house.runtime, Origin("test", "192.0.2.1")) as ctx:
            ask_for_link(ctx, email=address, purpose=LinkPurpose.RESET)
    return addresses


def left(house: House) -> int:
    with house.runtime.reading() as db:
        return db.scalar(select(func.count()).where(Message.settled_at.is_(None)))


def test_a_worker_that_is_killed_in_the_middle_of_a_mail_loses_none(house, tmp_path):
    """Threat 212."""
    addresses = ask_for_mails(house, 12)
    reached, go_on = Event(), Event()
    with sink() as server:

        def hold(recipient: str) -> None:
            if recipient == addresses[5] and not reached.is_set():
                reached.set()
                go_on.wait(20)

        server.on_recipient = hold
        worker = house.worker(**server.settings)
        with worker:
            assert reached.wait(20)
            worker.kill()
        go_on.set()
        with unit_of_work(house.runtime, Origin()) as ctx:  # As if the lease were over.
            waiting = update(Message).where(Message.settled_at.is_(None))
            ctx.db.execute(waiting.values(due_at=ctx.now - timedelta(seconds=1)))
        with house.worker("second", **server.settings):
            assert wait_until(lambda: left(house) == 0)

        mailed = Counter(server.recipients)
    assert set(mailed) == set(addresses)
    assert max(mailed.values()) <= 2
    # Only what was on its way at that moment may come twice: as many as are sent at a time.
    assert sum(times == 2 for times in mailed.values()) <= AT_A_TIME


def test_two_workers_deliver_each_mail_once_and_the_oldest_first(house):
    """Threat 243."""
    addresses = ask_for_mails(house, 60)
    with sink() as server, house.worker(**server.settings):
        with house.worker("second", **server.settings):
            assert wait_until(lambda: left(house) == 0)

        assert Counter(server.recipients) == Counter(addresses)
        assert server.recipients[0] in addresses[:20]


def test_a_mail_server_that_is_away_loses_no_mail(house):
    addresses = ask_for_mails(house, 3)
    with sink() as server:
        server.answer = "451 try later"
        with house.worker(**server.settings):
            assert wait_until(lambda: _tried(house) == len(addresses))
            assert (server.recipients, left(house)) == ([], len(addresses))
            server.answer = "250 OK"
            with unit_of_work(house.runtime, Origin()) as ctx:
                ctx.db.execute(update(Message).values(due_at=ctx.now))
            started = monotonic()
            assert wait_until(lambda: left(house) == 0)

        assert sorted(server.recipients) == sorted(addresses)
        assert monotonic() - started < 10


def _tried(house: House) -> int:
    with house.runtime.reading() as db:
        return db.scalar(
            select(func.count()).where(Message.last_error.is_not(None), Message.outcome.is_(None))
        )
