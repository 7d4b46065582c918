"""``python manage.py jobs``, ``python manage.py worker`` and every job by its name."""

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.reactions import Job
from gatehouse.core.runtime import Runtime
from gatehouse.core.schema import say_what_is_not_set
from gatehouse.scheduler import queries
from gatehouse.scheduler.service import (
    RunningElsewhere,
    run_in_a_loop,
    run_once,
    run_worker,
    stop_on_signals,
)


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["gatehouse"]
    return runtime


def _job_named(name: str, said_by: str) -> Job:
    jobs = _runtime().jobs
    if name not in jobs:
        raise click.ClickException(f"{said_by} must be one of: {', '.join(sorted(jobs))}.")
    return jobs[name]


def _run(job: Job) -> None:
    try:
        click.echo(f"{job.name}: {run_once(_runtime(), job).in_words}.")
    except RunningElsewhere:
        click.echo(f"{job.name} is being run by somebody else.")


@click.group("jobs")
def jobs_commands() -> None:
    """Jobs: list them, run one."""


@jobs_commands.command("list")
@with_appcontext
def show_jobs() -> None:
    """List the jobs: how often each runs, and how the last run went."""
    with unit_of_work(_runtime(), Origin("cli"), Actor("operator"), reads_only=True) as ctx:
        runs = queries.last_runs(ctx)
    for job in sorted(_runtime().jobs.values(), key=lambda job: job.name):
        run = runs.get(job.name)
        if run is None or run.finished_at is None:
            how = "not recorded" if not job.alone else "never ran"
        elif run.error:
            how = f"failed {run.finished_at:%Y-%m-%d %H:%M:%S}Z: {run.error}"
        else:
            how = f"ok {run.finished_at:%Y-%m-%d %H:%M:%S}Z, {run.done} done, {run.milliseconds} ms"
        click.echo(f"{job.name:24} every {job.period!s:16} {how}")
        click.echo(f"{'':24} {job.about}")


@jobs_commands.command("run")
@click.argument("name")
@with_appcontext
def run_named(*, name: str) -> None:
    """Run the job NAME once."""
    _run(_job_named(name, "NAME"))


@click.command("run_job")
@with_appcontext
def run_job() -> None:
    """Run JOB_NAME every JOB_INTERVAL_SECONDS."""
    chosen = _runtime().settings.jobs
    job = _job_named(chosen.name, "JOB_NAME")
    if chosen.interval_seconds < 1:
        raise click.ClickException("JOB_INTERVAL_SECONDS must be at least 1.")
    run_in_a_loop(_runtime(), job, chosen.interval_seconds)


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Deliver mails, and run every job in its period."""
    say_what_is_not_set(_runtime().settings)
    run_worker(_runtime(), stop_on_signals())


def job_command(job: Job) -> click.Command:
    """A command that runs one job once, under the job's own name."""

    @with_appcontext
    def run() -> None:
        _run(job)

    return click.Command(job.name, callback=run, help=job.about, short_help=job.about)
