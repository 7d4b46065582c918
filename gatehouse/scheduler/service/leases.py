"""Leases of jobs: who may run one now, and how it went."""

from datetime import timedelta
from secrets import token_hex

from sqlalchemy import or_, select, update

from gatehouse.core.context import Context
from gatehouse.core.reactions import Job
from gatehouse.scheduler.models import JobRun

# A batch takes no longer than this, and the lease is renewed before each one. A runner that died
# blocks its job for as long.
LEASE = timedelta(minutes=5)
# What lies further ahead than this was written by a clock that was wrong, and counts for nothing.
AHEAD = LEASE
EARLY = 0.1  # share of a period that a run may come early, so that two clocks do not skip one


def enlist(ctx: Context, job: Job) -> None:
    """Make the job's row if there is none. A clash means that somebody else was faster."""
    if ctx.db.scalar(select(JobRun.id).where(JobRun.name == job.name)) is None:
        ctx.db.add(JobRun(name=job.name, created_at=ctx.now))


def take_lease(ctx: Context, job: Job, *, only_if_due: bool) -> str | None:
    """Take the job for a while. None: another runner has it, or has just run it."""
    lease = token_hex(16)
    free = or_(
        JobRun.leased_until.is_(None),
        JobRun.leased_until < ctx.now,
        JobRun.leased_until > ctx.now + LEASE + AHEAD,
    )
    statement = update(JobRun).where(JobRun.name == job.name, free)
    if only_if_due:
        last = ctx.now - job.period * (1 - EARLY)
        due = or_(
            JobRun.started_at.is_(None),
            JobRun.started_at <= last,
            JobRun.started_at > ctx.now + AHEAD,
        )
        statement = statement.where(due)
    taken = statement.values(lease=lease, leased_until=ctx.now + LEASE, started_at=ctx.now)
    return lease if ctx.execute(taken) else None


def renew_lease(ctx: Context, job: Job, lease: str) -> bool:
    """Keep the job for another while. False: the lease ran out, and somebody else has taken it."""
    mine = update(JobRun).where(JobRun.name == job.name, JobRun.lease == lease)
    return ctx.execute(mine.values(leased_until=ctx.now + LEASE)) == 1


def give_lease_back(
    ctx: Context, job: Job, lease: str, *, done: int, milliseconds: int, error: str | None
) -> None:
    """Note how the run went, and let the next runner in."""
    values: dict[str, object] = {"succeeded_at": ctx.now} if error is None else {}
    mine = update(JobRun).where(JobRun.name == job.name, JobRun.lease == lease)
    ctx.execute(
        mine.values(
            lease=None,
            leased_until=None,
            finished_at=ctx.now,
            done=done,
            milliseconds=milliseconds,
            error=error,
            **values,
        )
    )
