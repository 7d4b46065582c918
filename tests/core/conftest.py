"""Fixtures of the kernel's tests: apps that need no database, and a Redis of one's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, insert

from gatehouse.app import create_app
from gatehouse.core.cache import EPOCHS
from gatehouse.core.db import make_engine
from gatehouse.core.settings import read_settings
from tests.servers import RedisServer


def bare(folder: Path, **chosen: Any) -> Flask:
    ports = {name: value for name, value in chosen.items() if not name.isupper()}
    settings = {name: value for name, value in chosen.items() if name.isupper()}
    base = {
        "FLASK_ENV": "testing",
        "LOG_LEVEL": "error",
        "RATELIMIT_ENABLED": "false",
        "DATABASE_URL": f"sqlite:///{folder / 'bare.db'}",
    }
    return create_app(read_settings({**base, **settings}), **ports)


@pytest.fixture
def bare_app(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Make apps for routes that ask nothing of the database: ``bare_app(PORT="1")``.

    Lower-case keywords would be no settings: what begins with a capital and goes on in lower
    case is a port.
    """
    made: list[Flask] = []

    def make(**chosen: Any) -> Flask:
        made.append(bare(tmp_path, **chosen))
        return made[-1]

    yield make
    for app in made:
        app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a database for the epochs of the cache is."""
    return f"sqlite:///{tmp_path / 'cache.db'}"


@contextmanager
def engine_with_epochs(url: str) -> Iterator[Engine]:
    """An engine on an empty database, with the one table that the cache needs."""
    engine = make_engine(url)
    EPOCHS.create(engine)
    with engine.begin() as db:
        db.execute(insert(EPOCHS).values(id=1, epoch=1))
    yield engine
    engine.dispose()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    with engine_with_epochs(url) as engine:
        yield engine


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may kill."""
    with RedisServer(tmp_path / "redis") as server:
        yield server
