"""``python manage.py jobs`` and ``python manage.py worker``."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy import update

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.scheduler.models import JobRun
from gatehouse.scheduler.service.leases import enlist, take_lease
from tests.commanding import command
from tests.ops.conftest import ROOT, environment
from tests.processes import wait_until


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=list(arguments))


def test_every_job_is_listed_with_its_period_and_last_run(app, runtime):
    run(app, "jobs", "run", "cleanup_sessions")

    output = run(app, "jobs", "list").output

    for job in runtime.jobs.values():
        assert job.name in output
        assert job.about in output
    (line,) = [line for line in output.splitlines() if line.startswith("cleanup_sessions")]
    assert " ok " in line


def test_a_job_runs_by_its_name(app):
    assert run(app, "jobs", "run", "purge_expired").output.startswith("purge_expired: ")
    assert run(app, "purge_expired").output.startswith("purge_expired: ")


def test_a_name_that_is_none_is_told_the_names(app):
    result = run(app, "jobs", "run", "nonsense")

    assert result.exit_code == 1
    assert "cleanup_sessions" in result.output


def test_a_job_that_runs_elsewhere_is_said_to(app, runtime):
    job = runtime.jobs["purge_outbox"]
    with unit_of_work(runtime, Origin()) as ctx:
        enlist(ctx, job)
    with unit_of_work(runtime, Origin()) as ctx:
        assert take_lease(ctx, job, only_if_due=False)

    result = run(app, "jobs", "run", "purge_outbox")

    assert (result.exit_code, "somebody else" in result.output) == (0, True)


@pytest.mark.slow
@pytest.mark.integration
def test_the_worker_process_runs_jobs_and_stops_gracefully(tmp_path):
    settings = environment(tmp_path, {"LOG_LEVEL": "info"})
    command("init-db", **settings)
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=ROOT, env=settings, stdout=out, stderr=out
        )
    try:
        assert wait_until(lambda: b"cleanup_sessions" in log.read_bytes()), log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()


def test_the_list_says_how_a_job_failed(app, runtime):
    job = runtime.jobs["purge_outbox"]
    with unit_of_work(runtime, Origin()) as ctx:
        enlist(ctx, job)
        failed = {"finished_at": ctx.now, "error": "RuntimeError: no luck"}
        ctx.db.execute(update(JobRun).where(JobRun.name == job.name).values(failed))

    assert "failed" in (output := run(app, "jobs", "list").output)
    assert "RuntimeError: no luck" in output


def test_a_loop_without_a_pause_is_refused(make_app):
    result = run(make_app(JOB_NAME="purge_outbox", JOB_INTERVAL_SECONDS="0"), "run_job")

    assert (result.exit_code, "at least 1" in result.output) == (1, True)
