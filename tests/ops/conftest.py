"""Fixtures of the house's tests: empty databases, and programs as processes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from gatehouse.app import create_app
from gatehouse.core.settings import ROOT, read_settings
from tests.processes import free_port
from tests.servers import RedisServer, SharedServers


@pytest.fixture
def empty_database(
    backend: dict[str, str], shared_servers: SharedServers, tmp_path: Path
) -> Iterator[str]:
    """The address of a database without tables, of the kind whose turn it is."""
    if backend["DATABASE_URL"].startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    name = f"gatehouse_empty_{uuid4().hex[:12]}"
    shared_servers.postgres.create_database(name)
    yield shared_servers.postgres.url(name)
    shared_servers.postgres.drop_database(name)


@pytest.fixture
def app_on() -> Iterator[Callable[..., Flask]]:
    """Make apps on a database of one's own: ``app_on(url, PORT="1")``."""
    made: list[Flask] = []

    def make(url: str, **settings: str) -> Flask:
        base = {
            "FLASK_ENV": "testing",
            "LOG_LEVEL": "error",
            "DATABASE_URL": url,
            "PORT": str(free_port()),  # Preparing looks whether it can be had.
        }
        made.append(create_app(read_settings({**base, **settings})))
        return made[-1]

    yield make
    for app in made:
        app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may kill."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python with arguments and settings, and return what came of it."""

    def run(
        *arguments: str, stdin: int = subprocess.DEVNULL, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            check=False,
            capture_output=True,
            stdin=stdin,
            text=True,
            cwd=ROOT,
            env=environment(tmp_path, settings),
            timeout=50,
        )

    return run


def environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """Leave a process the environment it needs to start, and these settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    base = {"FLASK_ENV": "testing", "DATABASE_URL": f"sqlite:///{folder / 'program.db'}"}
    return kept | base | settings
