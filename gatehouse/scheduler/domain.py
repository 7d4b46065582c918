"""The scheduler domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.scheduler.cli import jobs_commands, run_job, worker

domain = Domain(commands=(jobs_commands, run_job, worker))
