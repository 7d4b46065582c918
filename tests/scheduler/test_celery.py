"""Celery runs the jobs: the same functions, under the same leases."""

import signal
import sys

import pytest
from sqlalchemy import select

from gatehouse.core.settings import ROOT, SettingsRefused
from gatehouse.scheduler.models import JobRun
from tests.faults.house import House
from tests.faults.test_worker import ask_for_mails
from tests.processes import Server, wait_until
from tests.servers import RedisServer
from tests.sink import sink

pytestmark = pytest.mark.integration


class CeleryProcess(Server):
    """``celery worker`` with a beat within it, as one machine would have it."""

    ends_on = signal.SIGTERM

    def __init__(self, directory, settings):
        super().__init__(directory)
        self.settings = settings

    def _prepare(self):
        """Nothing to lay out."""

    def _command(self):
        beat = ["--beat", "--schedule", str(self.directory / "beat")]
        return [sys.executable, "-m", "celery", "--app", "gatehouse.celery", "worker", *beat]

    def _answers(self):
        return b"[queues]" in self.log.read_bytes()

    def _options(self):
        env = {"PATH": "/usr/bin:/bin", "CELERY_BROKER_URL": "", **self.settings}
        return super()._options() | {"cwd": ROOT, "env": env}


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path, {"DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}"})
    yield house
    house.runtime.engine.dispose()


@pytest.mark.slow
def test_what_acts_leave_to_be_done_is_done_by_celery(house, tmp_path):
    addresses = ask_for_mails(house, 5)
    with sink() as mails, RedisServer(tmp_path / "redis") as redis:
        chosen = {**house.settings, **mails.settings, "REDIS_URL": redis.url()}
        with CeleryProcess(tmp_path / "celery", chosen) as process:
            assert wait_until(lambda: len(mails.recipients) == len(addresses)), (
                process.log.read_text()
            )
        log = process.log.read_text()

    assert sorted(mails.recipients) == sorted(addresses)
    assert "Traceback" not in log


@pytest.fixture
def celery(house, monkeypatch):
    for name, value in {**house.settings, "CELERY_BROKER_URL": "memory://"}.items():
        monkeypatch.setenv(name, value)
    from gatehouse import celery  # noqa: PLC0415 - half a second, here alone

    celery.runtime_of.cache_clear()
    return celery


def test_a_job_that_ran_a_moment_ago_is_not_run_again(celery, house):
    made, runs = celery.make_celery(), []
    for _ in range(2):
        made.tasks["gatehouse.purge_expired"].apply(args=["purge_expired"]).get()
        with house.runtime.reading() as db:
            runs.append(db.scalar(select(JobRun.started_at).where(JobRun.name == "purge_expired")))

    assert runs[0] == runs[1] is not None
    assert set(made.conf.beat_schedule) == set(house.runtime.jobs)


def test_without_a_broker_it_says_what_to_set(celery, monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "")

    with pytest.raises(SettingsRefused, match="CELERY_BROKER_URL"):
        celery.make_celery()
