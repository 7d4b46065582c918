"""Whoever is told to stop in the middle of many mails ends the one, and leaves the others."""

import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from threading import Event
from time import monotonic, sleep

import pytest
from sqlalchemy import func, select

from gatehouse.outbox.models import Message
from tests.faults.house import House
from tests.faults.test_worker import ask_for_mails, left
from tests.processes import wait_until
from tests.scheduler.test_celery import CeleryProcess
from tests.servers import RedisServer
from tests.serving import Worker
from tests.sink import sink

pytestmark = [pytest.mark.integration, pytest.mark.slow]
MAILS = 40  # a batch
PACE = 2.0  # seconds that the mail server takes for each: 20 for all, some at a time
SECONDS = 12


class Loop(Worker):
    """``manage.py run_job``."""

    def __init__(self, directory, settings):
        super().__init__(directory, settings)
        self._settings |= {"JOB_NAME": "deliver_outbox", "JOB_INTERVAL_SECONDS": "1"}

    def _command(self):
        return [sys.executable, "manage.py", "run_job"]

    def _answers(self):
        return True


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path, {"DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}"})
    yield house
    house.runtime.engine.dispose()


@pytest.fixture
def running(house, tmp_path):
    """Start what delivers: ``running(kind, settings)``."""
    stack = []

    def start(kind, settings):
        chosen = {**house.settings, **settings}
        if kind == "celery":
            redis = RedisServer(tmp_path / "redis")
            redis.start()
            stack.append(redis)
            chosen["REDIS_URL"] = redis.url()
            server = CeleryProcess(tmp_path / "celery", chosen)
        elif kind in ("worker", "loop"):
            server = {"worker": Worker, "loop": Loop}[kind](tmp_path / kind, chosen)
        else:
            beside = {**settings, "RUN_JOBS_WHILE_SERVING": "true"}
            server = house.server(kind=kind, workers=1, **beside)
        server.start()
        stack.append(server)
        return server

    yield start
    for server in reversed(stack):
        server.stop()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("kind", ["worker", "loop", "granian", "gunicorn", "celery"])
def test_it_ends_the_mail_it_is_at_and_hands_the_others_back(house, running, kind, told):
    """It went on with the whole batch, until it was killed: mails came twice, or minutes late."""
    addresses, begun = ask_for_mails(house, MAILS), Event()
    with sink() as server:

        def take_long(_recipient):
            begun.set()
            sleep(PACE)

        server.on_recipient = take_long
        process = running(kind, server.settings)
        assert begun.wait(20)
        process.ends_on, started = told, monotonic()
        process.stop()

        assert monotonic() - started < SECONDS
        assert 1 <= len(server.recipients) < MAILS / 2
        assert due(house) == left(house) == MAILS - len(server.recipients)
        assert "Traceback" not in process.log.read_text()

        server.on_recipient = lambda _recipient: None
        with house.worker("second", **server.settings):
            assert wait_until(lambda: left(house) == 0)
        assert Counter(server.recipients) == Counter(addresses)


def due(house: House) -> int:
    """How many messages the next worker can take at once, with all of their tries."""
    waiting = select(func.count()).where(Message.settled_at.is_(None), Message.attempts == 0)
    with house.runtime.reading() as db:
        return db.scalar(waiting.where(Message.due_at <= datetime.now(UTC))) or 0
