"""A whole installation of its own: PostgreSQL and Redis as in production, servers, a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from gatehouse.ops.service import migrate
from tests.factories import Factory
from tests.servers import PostgresServer
from tests.serving import GatehouseServer, Worker

SETTINGS = {"FLASK_ENV": "testing", "LOG_LEVEL": "error", "RATELIMIT_ENABLED": "false"}


class House:
    """A database with our schema, an application of this process on it, and its servers."""

    def __init__(self, directory: Path, settings: dict[str, str]) -> None:
        self.directory = directory
        self.settings = {**SETTINGS, **settings}
        self.app = create_app(read_settings(self.settings))
        with self.app.app_context():
            migrate(self.runtime, self.app.extensions["migrate"])
        self.make = Factory(self.runtime)

    @property
    def runtime(self):
        return self.app.extensions["gatehouse"]

    def server(self, *, kind: str = "granian", workers: int = 2, **more: str) -> GatehouseServer:
        settings = {**self.settings, **more}
        return GatehouseServer(
            self.directory / f"server-{kind}", settings, kind=kind, workers=workers
        )

    def worker(self, name: str = "worker", **more: str) -> Worker:
        return Worker(self.directory / name, {**self.settings, **more})


@contextmanager
def durable_postgres(directory: Path, **options: Any) -> Iterator[PostgresServer]:
    """PostgreSQL that loses nothing it has acknowledged, as in production."""
    with PostgresServer(directory / "postgres", durable=True, **options) as server:
        yield server


def rows(server: PostgresServer, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.dsn()) as db:
        return db.execute(statement).fetchall()
