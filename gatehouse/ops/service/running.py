"""Running jobs: once, or every so often until told to stop."""

import signal
from threading import Event as Flag
from time import perf_counter
from uuid import uuid4

from sqlalchemy.exc import DBAPIError

from gatehouse.core.context import Actor, Origin, Runtime, unit_of_work
from gatehouse.core.logging import LOGGER
from gatehouse.core.reactions import Job


def run_once(runtime: Runtime, job: Job) -> int:
    """Run one job in one unit of work. Returns how many things it did."""
    started = perf_counter()
    origin = Origin(request_id=f"job-{uuid4()}")
    with unit_of_work(runtime, origin, Actor(kind="job")) as ctx:
        done = job.run(ctx)
    took = (perf_counter() - started) * 1000
    LOGGER.info("%s: %d done in %.0f ms", job.name, done, took, extra={"job": job.name})
    return done


def run_in_a_loop(runtime: Runtime, job: Job, seconds: int) -> None:
    """Run ``job`` every ``seconds`` until SIGTERM or SIGINT. A database that is away is no end."""
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            run_once(runtime, job)
        except DBAPIError as error:
            LOGGER.error("%s failed: %s", job.name, error, extra={"job": job.name})
        stop.wait(seconds)
