"""Reading how jobs went."""

from sqlalchemy import select

from gatehouse.core.context import Context
from gatehouse.scheduler.models import JobRun


def last_runs(ctx: Context) -> dict[str, JobRun]:
    """The last run of each job that ever ran, by name."""
    return {run.name: run for run in ctx.db.scalars(select(JobRun))}
