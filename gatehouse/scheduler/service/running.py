"""Running jobs: one of them once or in a loop, or all of them, each in its period.

The same function runs from the command line, in a loop, in the worker process and in Celery; its
lease keeps two runners from doing it at the same time.
"""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from math import inf
from random import random
from threading import Event as Flag
from threading import Thread, main_thread
from time import monotonic, perf_counter
from typing import Protocol
from uuid import uuid4

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.errors import GatehouseError
from gatehouse.core.logging import LOGGER, blank
from gatehouse.core.reactions import Job, Taken
from gatehouse.core.runtime import Runtime
from gatehouse.core.schema import what_the_schema_lacks
from gatehouse.scheduler.service import leases

WAIT_FOR_SCHEMA = 2.0  # seconds between two looks whether it is there
TICK = 0.5  # seconds between two looks at what is due
LONGEST_ERROR = 500


class Stop(Protocol):
    """What tells a runner to begin nothing more."""

    def is_set(self) -> bool: ...


NEVER: Stop = Flag()


class RunningElsewhere(Exception):
    """Another runner has the job's lease."""


def run_once(runtime: Runtime, job: Job, stop: Stop = NEVER) -> Taken:
    """Run one job, batch after batch, until nothing is left. Returns how many things it took.

    Raises RunningElsewhere, or what the job raises.
    """
    if not job.alone:
        return _run_batches(runtime, job, stop, lambda: True)
    done = _run_under_lease(runtime, job, stop, only_if_due=False)
    if done is None:
        raise RunningElsewhere(job.name)
    return done


def run_in_a_loop(runtime: Runtime, job: Job, seconds: float) -> None:
    """Run ``job`` every ``seconds`` until SIGTERM or SIGINT. A database that is away is no end."""
    stop = stop_on_signals()
    while not stop.is_set():
        try:
            run_once(runtime, job, stop)
        except RunningElsewhere:
            LOGGER.info("%s runs elsewhere", job.name, extra={"job": job.name})
        except (SQLAlchemyError, GatehouseError) as error:
            _log_failure(job, error)
        _wait(stop, seconds)


def run_worker(runtime: Runtime, stop: Flag) -> None:
    """Run every job in its period until told to stop. What may overlap, and what waits for
    others, has a thread of its own. Nothing runs until the database has our schema.
    """
    _wait_for_the_schema(runtime, stop)
    in_turn = [job for job in runtime.jobs.values() if job.alone and not job.waits]
    others = [job for job in runtime.jobs.values() if job not in in_turn]
    threads = [
        Thread(target=_keep_running, args=(runtime, jobs, stop), name="gatehouse-jobs")
        for jobs in (in_turn, *([job] for job in others))
    ]
    for thread in threads:
        thread.start()
    LOGGER.info("The worker runs %d jobs", len(runtime.jobs))
    _wait(stop, inf)
    for thread in threads:
        thread.join()


def _wait_for_the_schema(runtime: Runtime, stop: Flag) -> None:
    told = None
    while not stop.is_set() and (lacking := what_the_schema_lacks(runtime.engine)):
        if lacking != told:
            LOGGER.error("The worker waits. %s", lacking)
        told = lacking
        stop.wait(WAIT_FOR_SCHEMA)


def start_in_background(runtime: Runtime) -> None:
    """Run the jobs within a serving process, for installations that have no worker process.

    They end with its main thread: the signals are the server's.
    """
    stop = Flag()
    worker = Thread(target=run_worker, args=(runtime, stop), name="gatehouse-worker", daemon=True)

    def end() -> None:
        main_thread().join()
        stop.set()
        worker.join()

    worker.start()
    Thread(target=end, name="gatehouse-end").start()


def stop_on_signals() -> Flag:
    """A flag that SIGTERM and SIGINT set.

    By a thread: a handler that runs while its own thread holds the lock of the flag, because it
    waits for it or because another signal came a moment ago, would wait for itself for ever.
    Whoever waits for the flag in the main thread does so by ``_wait``.
    """
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: Thread(target=stop.set).start())
    return stop


def _wait(stop: Flag, seconds: float) -> None:
    """Wait for ``stop``, so long at most, and in pieces: Python runs the handler of a signal
    between two instructions of the main thread, and one that came just as a long wait began was
    heard at its end.
    """
    over = monotonic() + seconds
    while not stop.is_set() and (left := over - monotonic()) > 0:
        stop.wait(min(TICK, left))


def _keep_running(runtime: Runtime, jobs: list[Job], stop: Flag) -> None:
    """Look again and again which of ``jobs`` is due. Starts are spread, failures are logged."""
    due = {job.name: monotonic() + random() * TICK for job in jobs}  # noqa: S311 - spread only
    while not stop.wait(TICK):
        for job in jobs:
            if stop.is_set() or monotonic() < due[job.name]:
                continue
            due[job.name] = monotonic() + min(job.period.total_seconds(), 60)
            try:
                run_if_due(runtime, job, stop)
            except Exception as error:  # noqa: BLE001 - whatever one job does, the others go on
                _log_failure(job, error)


def run_if_due(runtime: Runtime, job: Job, stop: Stop = NEVER) -> None:
    """Run one job unless somebody else does, or just has. Raises what the job raises."""
    if job.alone:
        _run_under_lease(runtime, job, stop, only_if_due=True)
    else:
        _run_batches(runtime, job, stop, lambda: True)


def _run_under_lease(runtime: Runtime, job: Job, stop: Stop, *, only_if_due: bool) -> Taken | None:
    """Run the job if nobody else does (or just has). None: it was not ours to run."""
    lease = _take_lease(runtime, job, only_if_due=only_if_due)
    if lease is None:
        return None
    started, done, error = perf_counter(), Taken(0), None

    def is_ours() -> bool:
        with _work(runtime) as ctx:
            return leases.renew_lease(ctx, job, lease)

    try:
        done = _run_batches(runtime, job, stop, is_ours)
    except Exception as failure:
        error = blank(f"{type(failure).__name__}: {failure}")[:LONGEST_ERROR]
        raise
    finally:
        took = int((perf_counter() - started) * 1000)
        with _work(runtime) as ctx:
            leases.give_lease_back(ctx, job, lease, done=int(done), milliseconds=took, error=error)
    return done


def _take_lease(runtime: Runtime, job: Job, *, only_if_due: bool) -> str | None:
    try:
        with _work(runtime) as ctx:
            leases.enlist(ctx, job)
    except IntegrityError:
        pass  # Another runner was faster; the row is there.
    with _work(runtime) as ctx:
        return leases.take_lease(ctx, job, only_if_due=only_if_due)


def _run_batches(runtime: Runtime, job: Job, stop: Stop, is_ours: Callable[[], bool]) -> Taken:
    """Run batches, each in a unit of work, until one finds nothing to do or time is up."""
    started, total = perf_counter(), Taken(0)
    while True:
        with _work(runtime) as ctx:
            ctx.told_to_stop = stop.is_set
            done = job.run(ctx)
        total = Taken(total + done, left=total.left + getattr(done, "left", 0))
        is_over = perf_counter() - started > job.longest.total_seconds()
        if not done or is_over or stop.is_set() or not is_ours():
            break
    if total or job.alone:
        took = (perf_counter() - started) * 1000
        told = (job.name, total.in_words, took)
        # A colon behind "tokens" would have what follows blanked.
        LOGGER.info("%s ran: %s in %.0f ms", *told, extra={"job": job.name})
    return total


def _work(runtime: Runtime) -> AbstractContextManager[Context]:
    return unit_of_work(runtime, Origin(f"job-{uuid4()}"), Actor(kind="job"))


def _log_failure(job: Job, error: Exception) -> None:
    LOGGER.error("%s failed: %s", job.name, error, extra={"job": job.name})
