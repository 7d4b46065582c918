"""Fixtures of the record's tests: a database of one's own, for seals cover all that is in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from gatehouse.app import create_app
from gatehouse.audit.service import sealing, verifying
from gatehouse.core.db import Model
from gatehouse.core.settings import read_settings
from gatehouse.ops.service import migrate
from tests.audit.ledger import TABLES as LEDGER_TABLES
from tests.audit.ledger import Ledger
from tests.audit.office import Office
from tests.factories import Factory
from tests.servers import SharedServers

BASE = {"FLASK_ENV": "testing", "LOG_LEVEL": "error"}


@dataclass(frozen=True)
class Place:
    """A database that ledgers have for themselves, one after the other."""

    url: str
    app: Flask
    empty: Callable[[], None]


@pytest.fixture(scope="session")
def places(
    shared_servers: SharedServers, files_of_databases: Path
) -> Iterator[Callable[[str], Place]]:
    """Make the place of either kind, once for all ledgers: a database of its own takes seconds."""
    made: list[Place] = []

    @cache
    def make(kind: str) -> Place:
        if kind == "sqlite":
            url = f"sqlite:///{files_of_databases / 'audit.db'}"
        else:
            name = f"audit_{uuid4().hex[:12]}"
            shared_servers.postgres.create_database(name)
            url = shared_servers.postgres.url(name)
        app = create_app(read_settings({**BASE, "DATABASE_URL": url}))
        with app.app_context():
            migrate(app.extensions["gatehouse"], app.extensions["migrate"])
        emptied = emptied_file if kind == "sqlite" else emptied_tables
        made.append(Place(url, app, emptied(app.extensions["gatehouse"].engine)))
        return made[-1]

    yield make
    for place in made:
        place.app.extensions["gatehouse"].engine.dispose()


def emptied_file(engine: Engine) -> Callable[[], None]:
    """Put the file back as it is now, with its triggers."""
    engine.dispose()
    path = Path(engine.url.database)
    as_it_was = path.read_bytes()

    def empty() -> None:
        engine.dispose()
        for beside in ("-wal", "-shm"):
            Path(f"{path}{beside}").unlink(missing_ok=True)
        path.write_bytes(as_it_was)

    return empty


def emptied_tables(engine: Engine) -> Callable[[], None]:
    """Delete all rows, whatever triggers and foreign keys say, and arm the triggers again."""
    tables = [table.name for table in Model.metadata.tables.values()]

    def empty() -> None:
        with engine.begin() as db:
            db.execute(text("SET LOCAL session_replication_role = replica"))
            for table in tables:
                db.execute(text(f"DELETE FROM {table}"))  # noqa: S608
            for table in LEDGER_TABLES:
                db.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))

    return empty


@pytest.fixture
def place(backend: dict[str, str], places: Callable[[str], Place]) -> Place:
    place = places(backend["DATABASE_URL"].partition(":")[0].partition("+")[0])
    place.empty()
    return place


@pytest.fixture
def make_ledger(place: Place) -> Iterator[Callable[..., Ledger]]:
    """Make a ledger with settings of one's own: ``make_ledger(AUDIT_RETENTION_DAYS="1")``."""
    made: list[Flask] = []

    def make(**settings: str) -> Ledger:
        if not settings:
            return Ledger(place.app)
        made.append(create_app(read_settings({**BASE, "DATABASE_URL": place.url, **settings})))
        return Ledger(made[-1])

    yield make
    for app in made:
        app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def ledger(make_ledger: Callable[..., Ledger]) -> Ledger:
    return make_ledger()


@pytest.fixture
def sealed(ledger: Ledger, monkeypatch) -> Ledger:
    """Three blocks of four entries, sealed a while ago, and one entry that waits."""
    monkeypatch.setattr(sealing, "BLOCK_SIZE", 4)
    monkeypatch.setattr(verifying, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(verifying, "STEP", 5)
    ledger.fill(12, timedelta(hours=3))
    ledger.seal()
    ledger.fill(1, timedelta(seconds=5))
    assert ledger.findings() == []
    return ledger


@pytest.fixture
def office(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)
