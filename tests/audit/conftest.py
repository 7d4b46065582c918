"""Fixtures of the record's tests: a database of one's own, for seals cover all that is in it."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest

from gatehouse.app import create_app
from gatehouse.audit.service import sealing, verifying
from gatehouse.core.settings import read_settings
from gatehouse.ops.service import migrate
from tests.audit.ledger import Ledger
from tests.servers import SharedServers

BASE = {"FLASK_ENV": "testing", "LOG_LEVEL": "error"}


@pytest.fixture(scope="session")
def templates(
    shared_servers: SharedServers, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Make a migrated database of either kind without rows, once, to be copied: a file's path, or
    a name on PostgreSQL.
    """

    @cache
    def make(kind: str) -> str:
        if kind == "sqlite":
            name = str(tmp_path_factory.mktemp("audit") / "template.db")
            url = f"sqlite:///{name}"
        else:
            name = f"audit_template_{uuid4().hex[:12]}"
            shared_servers.postgres.create_database(name)
            url = shared_servers.postgres.url(name)
        app = create_app(read_settings({**BASE, "DATABASE_URL": url}))
        with app.app_context():
            migrate(app.extensions["gatehouse"], app.extensions["migrate"])
        app.extensions["gatehouse"].engine.dispose()
        return name

    return make


@pytest.fixture
def template(backend: dict[str, str], templates: Callable[[str], str]) -> str:
    return templates(backend["DATABASE_URL"].partition(":")[0].partition("+")[0])


@pytest.fixture
def make_ledger(
    template: str, shared_servers: SharedServers, tmp_path: Path
) -> Iterator[Callable[..., Ledger]]:
    """Make a ledger with settings of one's own: ``make_ledger(AUDIT_RETENTION_DAYS="1")``."""
    is_sqlite = template.endswith(".db")
    name = f"audit_{uuid4().hex[:12]}"
    if is_sqlite:
        path = tmp_path / "audit.db"
        shutil.copy(template, path)
        url = f"sqlite:///{path}"
    else:
        shared_servers.postgres.create_database(name, template)
        url = shared_servers.postgres.url(name)
    made: list[Ledger] = []

    def make(**settings: str) -> Ledger:
        made.append(Ledger(create_app(read_settings({**BASE, "DATABASE_URL": url, **settings}))))
        return made[-1]

    yield make
    for ledger in made:
        ledger.runtime.engine.dispose()
    if not is_sqlite:
        shared_servers.postgres.drop_database(name)


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
