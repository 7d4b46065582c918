"""Jobs: one runner at a time, batch after batch, and how the last run went."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event, Thread
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.reactions import Job
from gatehouse.scheduler.models import JobRun
from gatehouse.scheduler.service import RunningElsewhere, run_once, run_worker
from gatehouse.scheduler.service.leases import LEASE
from gatehouse.scheduler.service.running import _run_under_lease
from tests.processes import wait_until

THREADS = 8


@pytest.fixture
def job():
    """A job that counts its runs: ``job.calls``; ``job.left`` batches find something to do."""
    return Counting()


class Counting:
    def __init__(self):
        self.name, self.calls, self.left, self.does = f"job_{uuid4().hex[:12]}", 0, 0, None

    def __call__(self, ctx):
        self.calls += 1
        if self.does:
            self.does()
        self.left -= 1
        return 5 if self.left >= 0 else 0

    def every(self, period=timedelta(hours=1), *, alone=True, waits=False) -> Job:
        return Job(self.name, period, self, alone, waits)


def run_of(runtime, job) -> JobRun:
    with runtime.reading() as db:
        return db.scalar(select(JobRun).where(JobRun.name == job.name))


def run_if_due(runtime, job: Job) -> int | None:
    return _run_under_lease(runtime, job, Event(), only_if_due=True)


def test_it_runs_batch_after_batch_until_nothing_is_left(runtime, job):
    job.left = 3

    assert run_once(runtime, job.every()) == 15

    assert job.calls == 4
    run = run_of(runtime, job)
    assert (run.done, run.error, run.lease, run.leased_until) == (15, None, None, None)
    assert run.started_at <= run.succeeded_at == run.finished_at


def test_a_run_that_lasts_too_long_leaves_the_rest_to_the_next(runtime, job):
    job.left = 3
    short = replace(job.every(), longest=timedelta(0))

    assert [run_once(runtime, short) for _ in range(4)] == [5, 5, 5, 0]


def test_many_runners_and_one_runs_it(runtime, job):
    """Threat 243: two workers, two schedulers, and nothing twice."""
    start, entered, go_on = Barrier(THREADS), Event(), Event()

    def hold():
        entered.set()
        assert go_on.wait(20)

    def run(_number):
        start.wait(20)
        try:
            return run_once(runtime, job.every())
        except RunningElsewhere:
            return "elsewhere"

    job.does = hold
    with ThreadPoolExecutor(THREADS) as threads:
        results = [threads.submit(run, number) for number in range(THREADS)]
        assert entered.wait(20)
        assert wait_until(lambda: sum(result.done() for result in results) == THREADS - 1)
        go_on.set()

    assert sorted(str(result.result()) for result in results) == ["0"] + ["elsewhere"] * 7
    assert job.calls == 1


def test_schedulers_run_it_once_in_each_period(runtime, job):
    first, second = run_if_due(runtime, job.every()), run_if_due(runtime, job.every())

    assert (first, second, job.calls) == (0, None, 1)
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(
            update(JobRun)
            .where(JobRun.name == job.name)
            .values(started_at=ctx.now - timedelta(minutes=59))
        )
    assert run_if_due(runtime, job.every()) == 0


def test_by_hand_it_runs_whenever_one_likes(runtime, job):
    run_once(runtime, job.every())
    run_once(runtime, job.every())

    assert job.calls == 2


def test_a_runner_that_died_blocks_it_for_the_length_of_the_lease(runtime, job):
    """Threat 212."""
    run_once(runtime, job.every())
    with unit_of_work(runtime, Origin()) as ctx:
        held = update(JobRun).where(JobRun.name == job.name)
        ctx.db.execute(held.values(lease="dead", leased_until=ctx.now + LEASE))
    with pytest.raises(RunningElsewhere):
        run_once(runtime, job.every())

    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(held.values(leased_until=ctx.now - timedelta(seconds=1)))
    run_once(runtime, job.every())

    assert job.calls == 2


@pytest.mark.parametrize(
    ("ahead", "calls"),
    [(timedelta(days=30), 2), (timedelta(minutes=11), 2), (timedelta(minutes=2), 1)],
)
def test_a_clock_that_was_once_ahead_stops_no_job(runtime, job, ahead, calls):
    """Threat 240. A runner whose clock is only a little ahead of ours runs it for us."""
    run_once(runtime, job.every())
    with unit_of_work(runtime, Origin()) as ctx:
        row = update(JobRun).where(JobRun.name == job.name)
        ctx.db.execute(row.values(started_at=ctx.now + ahead, succeeded_at=ctx.now + ahead))

    run_if_due(runtime, job.every())

    assert job.calls == calls


@pytest.mark.parametrize(("ahead", "is_free"), [(timedelta(days=30), True), (LEASE, False)])
def test_a_lease_of_a_wrong_clock_ends_too(runtime, job, ahead, is_free):
    run_once(runtime, job.every())
    with unit_of_work(runtime, Origin()) as ctx:
        row = update(JobRun).where(JobRun.name == job.name)
        until = ctx.now + ahead + timedelta(minutes=4)
        ctx.db.execute(row.values(lease="dead", leased_until=until, started_at=ctx.now + ahead))

    assert (run_if_due(runtime, job.every()) is not None) is is_free


def test_who_lost_the_lease_stops_and_reports_nothing(runtime, job):
    def lose():
        if job.calls == 1:
            with unit_of_work(runtime, Origin()) as ctx:
                ctx.db.execute(
                    update(JobRun).where(JobRun.name == job.name).values(lease="another's")
                )

    job.does, job.left = lose, 99

    run_once(runtime, job.every())

    assert job.calls == 1
    assert run_of(runtime, job).lease == "another's"


def test_a_failure_is_kept_and_does_not_block_the_next_run(runtime, job):
    def fail():
        raise ValueError("token=abcdefgh12345678")

    job.does = fail
    with pytest.raises(ValueError, match="token"):
        run_once(runtime, job.every())

    run = run_of(runtime, job)
    assert run.error == "ValueError: [blanked]"
    assert (run.succeeded_at, run.lease) == (None, None)

    job.does = None
    run_once(runtime, job.every())
    assert run_of(runtime, job).error is None


def test_a_batch_that_fails_undoes_only_itself(runtime, make):
    def work(ctx):
        make_one(ctx)
        if len(made) == 2:
            raise ValueError("the second")
        return 1

    def make_one(ctx):
        made.append(JobRun(name=f"made_{uuid4().hex}"))
        ctx.db.add(made[-1])

    made = []
    with pytest.raises(ValueError, match="the second"):
        run_once(runtime, Job(f"job_{uuid4().hex[:12]}", timedelta(hours=1), work))

    with runtime.reading() as db:
        found = set(db.scalars(select(JobRun.name)))
    assert [run.name in found for run in made] == [True, False]


def test_what_waits_for_others_keeps_no_job_from_its_turn(runtime, job):
    slow, go_on, stop = Counting(), Event(), Event()
    slow.does = lambda: go_on.wait(20)
    jobs = (slow.every(waits=True), job.every())
    working = replace(runtime, jobs={job.name: job for job in jobs})
    thread = Thread(target=run_worker, args=(working, stop))
    thread.start()

    assert wait_until(lambda: slow.calls == 1 and job.calls == 1)
    go_on.set()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_the_worker_runs_everything_and_stops_when_told(runtime, job):
    other, broken = Counting(), Counting()
    broken.does = lambda: 1 / 0
    jobs = (job.every(), other.every(timedelta(seconds=1), alone=False), broken.every())
    stop = Event()
    working = replace(runtime, jobs={job.name: job for job in jobs})
    thread = Thread(target=run_worker, args=(working, stop))
    thread.start()

    assert wait_until(lambda: job.calls == 1 and other.calls >= 2 and broken.calls == 1)
    stop.set()
    thread.join(5)

    assert not thread.is_alive()
    assert job.calls == 1
