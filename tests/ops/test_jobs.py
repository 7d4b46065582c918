"""Jobs: by their names, and in a loop until told to stop."""

import json
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from gatehouse.core.logging import blank
from gatehouse.core.settings import ROOT
from gatehouse.core.store import EPHEMERAL
from gatehouse.scheduler.service import run_once, running
from tests.commanding import command
from tests.ops.conftest import environment
from tests.processes import wait_until


def test_every_job_is_a_command_of_its_own_name(app, runtime):
    commands = set(app.cli.commands)

    assert {"cleanup_sessions", "purge_expired"} <= set(runtime.jobs)
    assert set(runtime.jobs) <= commands


@pytest.mark.parametrize("name", ["cleanup_sessions", "purge_expired"])
def test_a_job_can_be_run_again_and_again(make_app, name):
    """Threat 212."""
    runner = make_app().test_cli_runner()

    results = [runner.invoke(args=[name]) for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]
    assert results[1].output == f"{name}: 0 done.\n"


def test_the_log_names_every_job(runtime, caplog, monkeypatch):
    """Also those about tokens, which look as if a secret followed."""
    monkeypatch.setattr(running.LOGGER, "propagate", True)
    caplog.set_level("INFO", running.LOGGER.name)
    alone = [job for job in runtime.jobs.values() if job.alone and "token" in job.name]

    for job in alone:
        run_once(runtime, job)

    told = [blank(record.getMessage()) for record in caplog.records if hasattr(record, "job")]
    assert {line.split(" ran: ")[0] for line in told} == {job.name for job in alone}
    assert len(alone) > 1


def test_what_has_expired_is_purged(runtime):
    with runtime.engine.begin() as db:
        db.execute(
            EPHEMERAL.insert(),
            [{"key": f"jobs:old:{n}", "value": b"", "expires_at": n} for n in range(3)],
        )
    runtime.guards.put("jobs:new", b"", 60)

    assert run_once(runtime, runtime.jobs["purge_expired"]) >= 3

    left = select(func.count()).select_from(EPHEMERAL).where(EPHEMERAL.c.key.like("jobs:%"))
    with runtime.engine.connect() as db:
        assert db.scalar(left) == 1
    runtime.guards.delete("jobs:new")


@pytest.mark.parametrize("name", ["", "nonsense", "purge_expired; rm -rf /", "PURGE_EXPIRED"])
def test_a_job_that_does_not_exist_is_refused_with_those_that_do(make_app, name):
    result = make_app(JOB_NAME=name).test_cli_runner().invoke(args=["run_job"])

    assert result.exit_code == 1
    assert "JOB_NAME must be one of:" in result.output
    assert "purge_expired" in result.output


def test_a_period_of_nothing_is_refused(make_app):
    app = make_app(JOB_NAME="purge_expired", JOB_INTERVAL_SECONDS="0")

    result = app.test_cli_runner().invoke(args=["run_job"])

    assert result.exit_code == 1
    assert "JOB_INTERVAL_SECONDS must be at least 1" in result.output


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_runs_at_once_and_stops_when_told(tmp_path, end):
    assert command("init-db", **environment(tmp_path, {})).returncode == 0
    settings = {"JOB_NAME": "purge_expired", "LOG_LEVEL": "info", "LOG_FORMAT": "json"}
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_job"],
            cwd=ROOT,
            env=environment(tmp_path, settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        assert wait_until(lambda: b"purge_expired" in log.read_bytes())
        assert process.poll() is None
        process.send_signal(end)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()

    line = json.loads(log.read_text().splitlines()[0])
    assert line["job"] == "purge_expired"
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
@pytest.mark.integration
def test_the_loop_waits_for_a_database_that_is_away(tmp_path):
    """Threat 212: a failing run is logged, and the next is tried."""
    settings = {
        "JOB_NAME": "purge_expired",
        "JOB_INTERVAL_SECONDS": "1",
        "LOG_LEVEL": "info",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'without-tables.db'}",
    }
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_job"],
            cwd=ROOT,
            env=environment(tmp_path, settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        assert wait_until(lambda: log.read_bytes().count(b"purge_expired failed") >= 2)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
