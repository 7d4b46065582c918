"""The stores that must behave alike."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from gatehouse.core.db import make_engine
from gatehouse.core.redis_link import RedisLink
from gatehouse.core.store import EPHEMERAL, FailoverStore, RedisStore, SqlStore
from tests.servers import RedisServer, SharedServers

REDIS_DATABASE = 40  # and the number of the worker: those of the apps come first


@pytest.fixture(scope="module")
def sqlite_engine(files_of_databases: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{files_of_databases / f'store-{uuid4().hex}.db'}")
    EPHEMERAL.create(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def postgresql_engine(shared_servers: SharedServers, worker: int) -> Iterator[Engine]:
    name = f"gatehouse_store_{worker}"
    shared_servers.postgres.drop_database(name)
    shared_servers.postgres.create_database(name)
    engine = make_engine(shared_servers.postgres.url(name))
    EPHEMERAL.create(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def link(shared_servers: SharedServers, worker: int) -> RedisLink:
    return RedisLink(shared_servers.redis.url(REDIS_DATABASE + worker))


@pytest.fixture(scope="module")
def dead_link(tmp_path_factory: pytest.TempPathFactory) -> RedisLink:
    """A link that has spoken to its Redis before that was killed."""
    with RedisServer(tmp_path_factory.mktemp("dead-redis")) as server:
        dead = RedisLink(server.url())
        dead.call("PING")
        server.kill()
    return dead


@pytest.fixture(
    params=["sqlite", "postgresql", "redis", "redis or sqlite", "sqlite, redis is dead"]
)
def store(request: pytest.FixtureRequest):
    if request.param == "sqlite":
        return SqlStore(request.getfixturevalue("sqlite_engine"))
    if request.param == "postgresql":
        return SqlStore(request.getfixturevalue("postgresql_engine"))
    if request.param == "redis":
        return RedisStore(request.getfixturevalue("link"))
    name = "link" if request.param == "redis or sqlite" else "dead_link"
    first = RedisStore(request.getfixturevalue(name))
    return FailoverStore(first, SqlStore(request.getfixturevalue("sqlite_engine")))


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may kill."""
    with RedisServer(tmp_path / "redis") as server:
        yield server
