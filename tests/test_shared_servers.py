"""The workers of one test run share the servers that its controller started."""

import os
import subprocess
import sys

import psutil
import pytest

from tests.processes import unmeasured

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CONFTEST = """
import pytest
from tests.servers import SHARED, hand_over, share_servers


def pytest_sessionstart(session):
    share_servers(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    hand_over(node)


@pytest.fixture
def servers(pytestconfig):
    return pytestconfig.stash[SHARED]
"""

TESTS = """
from pathlib import Path

import psycopg
import pytest
from redis import Redis


@pytest.mark.parametrize("number", range(6))
def test_both_serve(servers, number, worker_id):
    name = f"inner_{number}"
    servers.postgres.create_database(name)
    with psycopg.connect(servers.postgres.dsn(name)) as connection:
        postgres = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0]
    with Redis.from_url(servers.redis.url(number)) as redis:
        found = redis.info("server")
    line = f"{worker_id} {postgres.replace(' ', '_')} {found['run_id']} {found['process_id']}"
    Path(__file__).with_name(f"seen_{number}").write_text(line)
"""


def test_all_workers_see_the_same_servers_until_the_run_ends(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_inner.py").write_text(TESTS)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-n2", "--dist=load"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            **unmeasured(),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
    )

    assert "6 passed" in run.stdout, run.stdout + run.stderr
    seen = [path.read_text().split() for path in sorted(tmp_path.glob("seen_*"))]
    workers_seen, postgres_seen, redis_seen, pids = map(set, zip(*seen, strict=True))
    assert len(workers_seen) == 2
    assert len(postgres_seen) == len(redis_seen) == len(pids) == 1
    assert not psutil.pid_exists(int(pids.pop()))
