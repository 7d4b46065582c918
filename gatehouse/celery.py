"""Jobs run by Celery, for installations that operate it: the same functions under the same leases.

``celery --app gatehouse.celery worker`` runs them, and one ``celery --app gatehouse.celery beat``
says when. Celery comes with ``requirements/optional.txt``; the broker is CELERY_BROKER_URL.
"""

import os
from functools import cache
from multiprocessing.sharedctypes import RawValue

from celery import Celery
from celery.signals import worker_shutting_down

from gatehouse.app import create_app
from gatehouse.core.reactions import Job
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import SettingsRefused, read_settings
from gatehouse.scheduler.service import run_if_due


def make_celery() -> Celery:
    """A Celery application with a task for each job, and a schedule of their periods."""
    broker = read_settings().jobs.celery_broker_url
    if not broker:
        raise SettingsRefused(
            "CELERY_BROKER_URL or REDIS_URL must say where Celery keeps its tasks."
        )
    made = Celery("gatehouse", broker=broker, set_as_current=False)
    made.conf.update(
        # Leases and rows say how it went: nobody asks Celery.
        task_ignore_result=True,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        task_default_queue="gatehouse",
        beat_schedule={job.name: _entry(job) for job in _runtime().jobs.values()},
    )
    for name in _runtime().jobs:
        made.task(_run, name=_task_of(name))
    return made


def _entry(job: Job) -> dict[str, object]:
    # A task that nobody took within the period would only be done twice with the next.
    expires = job.period.total_seconds()
    every, options = job.period, {"expires": expires}
    return {"task": _task_of(job.name), "schedule": every, "args": [job.name], "options": options}


def _task_of(name: str) -> str:
    return f"gatehouse.{name}"


class ShuttingDown:
    """Whether Celery was told to stop: its processes are not, each would end its whole batch.

    They share a byte with the process that forked them. It has no lock, so that one that is killed
    cannot leave it held.
    """

    def __init__(self) -> None:
        self._flag = RawValue("b", 0)

    def is_set(self) -> bool:
        return bool(self._flag.value)

    def set(self, **_about: object) -> None:
        self._flag.value = 1


STOP = ShuttingDown()
worker_shutting_down.connect(STOP.set)


def _run(name: str) -> None:
    run_if_due(_runtime(), _runtime().jobs[name], STOP)


def _runtime() -> Runtime:
    return runtime_of(os.getpid())


@cache
def runtime_of(_process: int) -> Runtime:
    """What jobs work with. Celery forks, and each of its processes has its own connections."""
    runtime: Runtime = create_app().extensions["gatehouse"]
    return runtime


try:
    app = make_celery()
except SettingsRefused as refusal:
    raise SystemExit(str(refusal)) from None
