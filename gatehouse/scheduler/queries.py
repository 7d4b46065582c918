"""Reading how jobs went."""

from sqlalchemy import select

from gatehouse.core.context import Context
from gatehouse.scheduler.models import JobRun


def last_runs(ctx: Context) -> dict[str, JobRun]:
    """The last run of each job that ever ran, by name.

    A job that an earlier version had leaves its row behind; nobody can mend how that one went.
    """
    ours = select(JobRun).where(JobRun.name.in_(ctx.runtime.jobs))
    return {run.name: run for run in ctx.db.scalars(ours)}
