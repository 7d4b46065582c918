"""Fixtures of the record's tests: a database of one's own, for seals cover all that is in it."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select, text

from gatehouse.app import create_app
from gatehouse.audit.service import sealing, verifying
from gatehouse.core.db import Model
from gatehouse.core.settings import read_settings
from gatehouse.ops.service import migrate
from tests.audit.ledger import TABLES, Ledger
from tests.audit.office import Office
from tests.factories import Factory
from tests.servers import SharedServers

BASE = {"FLASK_ENV": "testing", "LOG_LEVEL": "error"}
LEDGER = [Model.metadata.tables[name] for name in TABLES]


class Place(ABC):
    """A database that ledgers have for themselves, one after the other.

    It is put back as it was kept: ``""`` is empty, with its triggers.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.app = create_app(read_settings({**BASE, "DATABASE_URL": url}))
        self.engine: Engine = self.app.extensions["gatehouse"].engine
        with self.app.app_context():
            migrate(self.app.extensions["gatehouse"], self.app.extensions["migrate"])
        self.kept: dict[str, Any] = {}
        self.keep("")

    @abstractmethod
    def keep(self, name: str) -> None: ...

    @abstractmethod
    def put_back(self, name: str) -> None: ...


class PlaceInAFile(Place):
    def keep(self, name: str) -> None:
        with closing(sqlite3.connect(self.engine.url.database)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.kept[name] = Path(self.engine.url.database).read_bytes()

    def put_back(self, name: str) -> None:
        self.engine.dispose()
        path = Path(self.engine.url.database)
        for beside in ("-wal", "-shm"):
            Path(f"{path}{beside}").unlink(missing_ok=True)
        path.write_bytes(self.kept[name])


class PlaceOnAServer(Place):
    """Whatever triggers and foreign keys say; the triggers are armed again."""

    def keep(self, name: str) -> None:
        with self.engine.begin() as db:
            self.kept[name] = [
                (table, db.execute(select(table)).mappings().all()) for table in LEDGER
            ]

    def put_back(self, name: str) -> None:
        with self.engine.begin() as db:
            db.execute(text("SET LOCAL session_replication_role = replica"))
            for table in Model.metadata.tables:
                db.execute(text(f"DELETE FROM {table}"))  # noqa: S608
            for table, rows in self.kept[name]:
                if rows:
                    db.execute(insert(table), rows)
                db.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


@pytest.fixture(scope="session")
def places(
    shared_servers: SharedServers, files_of_databases: Path
) -> Iterator[Callable[[str], Place]]:
    """Make the place of either kind, once for all ledgers: a database of its own takes seconds."""
    made: list[Place] = []

    @cache
    def make(kind: str) -> Place:
        if kind == "sqlite":
            made.append(PlaceInAFile(f"sqlite:///{files_of_databases / 'audit.db'}"))
        else:
            name = f"audit_{uuid4().hex[:12]}"
            shared_servers.postgres.create_database(name)
            made.append(PlaceOnAServer(shared_servers.postgres.url(name)))
        return made[-1]

    yield make
    for place in made:
        place.engine.dispose()


@pytest.fixture
def place(backend: dict[str, str], places: Callable[[str], Place]) -> Place:
    place = places(backend["DATABASE_URL"].partition(":")[0].partition("+")[0])
    place.put_back("")
    return place


@pytest.fixture
def make_ledger(place: Place) -> Iterator[Callable[..., Ledger]]:
    """Make a ledger with settings of one's own: ``make_ledger(AUDIT_RETENTION_DAYS="1")``."""
    made: list[Ledger] = []

    def make(**settings: str) -> Ledger:
        if not settings:
            return Ledger(place.app)
        chosen = {**BASE, "DATABASE_URL": place.url, **settings}
        made.append(Ledger(create_app(read_settings(chosen))))
        return made[-1]

    yield make
    for ledger in made:
        ledger.runtime.engine.dispose()


@pytest.fixture
def ledger(make_ledger: Callable[..., Ledger]) -> Ledger:
    return make_ledger()


@pytest.fixture
def sealed(ledger: Ledger, place: Place, monkeypatch) -> Ledger:
    """Three blocks of four entries, sealed a while ago, and one entry that waits."""
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 4)
    monkeypatch.setattr(verifying, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(verifying, "STEP", 5)
    if "sealed" in place.kept:
        place.put_back("sealed")
    else:
        ledger.fill(12, timedelta(hours=3))
        ledger.seal()
        assert ledger.findings() == []
        place.keep("sealed")
    ledger.fill(1, timedelta(seconds=5))
    return ledger


@pytest.fixture
def office(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)
