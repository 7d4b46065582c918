"""Migrations: they make what the models say, go back, and make it again, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from gatehouse.app import create_app
from gatehouse.audit.models import AuditEntry
from gatehouse.core.cache import EPOCHS
from gatehouse.core.db import Model
from gatehouse.core.settings import read_settings

VERSIONS = "alembic_version"
FORGE_ON_SQLITE = """
REPLACE INTO audit_entries
  (id, created_at, action, actor_kind, resource_type, request_id, success, details)
SELECT id, created_at, 'forged', actor_kind, resource_type, request_id, success, details
FROM audit_entries WHERE id = '{}'
"""


@pytest.fixture
def empty_app(backend, shared_servers, tmp_path: Path) -> Iterator[Flask]:
    """An app on a database without tables."""
    name = f"gatehouse_migrations_{uuid4().hex[:12]}"
    if backend["DATABASE_URL"].startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'migrations.db'}"
    else:
        shared_servers.postgres.create_database(name)
        url = shared_servers.postgres.url(name)
    app = create_app(
        read_settings({"FLASK_ENV": "testing", "LOG_LEVEL": "error", "DATABASE_URL": url})
    )
    yield app
    app.extensions["gatehouse"].engine.dispose()
    if not url.startswith("sqlite"):
        shared_servers.postgres.drop_database(name)


def flask(app: Flask, *arguments: str):
    result = app.test_cli_runner().invoke(args=list(arguments))
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


def tables(app: Flask) -> set[str]:
    return set(inspect(app.extensions["gatehouse"].engine).get_table_names()) - {VERSIONS}


def test_upgrading_makes_what_the_models_say(empty_app):
    flask(empty_app, "db", "upgrade")

    assert tables(empty_app) == set(Model.metadata.tables)
    flask(empty_app, "db", "check")


def test_the_check_notices_what_the_models_do_not_say(empty_app):
    flask(empty_app, "db", "upgrade")
    with empty_app.extensions["gatehouse"].engine.begin() as db:
        db.execute(text("DROP INDEX ix_ephemeral_expires_at"))

    result = empty_app.test_cli_runner().invoke(args=["db", "check"])

    assert result.exit_code != 0


def test_upgrading_twice_is_harmless(empty_app):
    flask(empty_app, "db", "upgrade")
    flask(empty_app, "db", "upgrade")

    assert tables(empty_app) == set(Model.metadata.tables)


def test_one_can_go_back_and_up_again(empty_app):
    flask(empty_app, "db", "upgrade")
    flask(empty_app, "db", "downgrade", "base")
    assert tables(empty_app) == set()
    if empty_app.extensions["gatehouse"].engine.dialect.name == "postgresql":
        with empty_app.extensions["gatehouse"].engine.connect() as db:
            left = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'audit%'"
            assert db.scalar(text(left)) == 0

    flask(empty_app, "db", "upgrade")

    assert tables(empty_app) == set(Model.metadata.tables)
    flask(empty_app, "db", "check")


def test_names_of_indexes_and_constraints_are_those_of_the_models(empty_app):
    """Names are how a clash is recognised and a later migration finds them."""
    flask(empty_app, "db", "upgrade")
    inspector = inspect(empty_app.extensions["gatehouse"].engine)

    for table in Model.metadata.tables.values():
        found = {index["name"] for index in inspector.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= found, table.name
        foreign = {key["name"] for key in inspector.get_foreign_keys(table.name)}
        assert {key.name for key in table.foreign_key_constraints} == foreign, table.name
        assert inspector.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"


def test_every_foreign_key_has_an_index():
    """Else each deletion of what it points to reads the whole table."""
    for table in Model.metadata.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes}
        leading |= {column.name for column in table.columns if column.unique}
        leading.add(next(iter(table.primary_key.columns)).name)
        for key in table.foreign_key_constraints:
            assert next(iter(key.columns)).name in leading, f"{table.name}.{key.name}"


def test_there_is_one_head(app):
    migrations = app.extensions["migrate"]
    with app.app_context():
        config = migrations.migrate.get_config(migrations.directory)

    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_the_epoch_of_the_cache_is_there_from_the_start(empty_app):
    flask(empty_app, "db", "upgrade")

    with empty_app.extensions["gatehouse"].engine.connect() as db:
        assert db.execute(select(EPOCHS)).all() == [(1, 1)]


def test_the_commands_of_migrations_are_there(app):
    output = flask(app, "db", "--help").output

    for name in ("upgrade", "downgrade", "check", "migrate", "heads", "current", "history"):
        assert name in output


@pytest.fixture
def entry(runtime):
    """An entry of the record."""
    entry_id = uuid4()
    with runtime.engine.begin() as db:
        db.execute(
            insert(AuditEntry).values(
                id=entry_id,
                created_at=datetime.now(UTC),
                action="test.done",
                actor_kind="job",
                resource_type="",
                request_id="test",
                success=True,
                details={},
            )
        )
    return entry_id


@pytest.mark.parametrize(
    "change",
    [
        lambda entry_id: update(AuditEntry).where(AuditEntry.id == entry_id).values(action="x"),
        lambda entry_id: update(AuditEntry).where(AuditEntry.id == entry_id).values(id=uuid4()),
        lambda entry_id: update(AuditEntry).values(details={}),
        lambda entry_id: delete(AuditEntry).where(AuditEntry.id == entry_id),
        lambda entry_id: delete(AuditEntry),
    ],
    ids=["update", "update the id", "update all", "delete", "delete all"],
)
def test_the_record_refuses_every_change(runtime, entry, change):
    """Threats 208 and 209."""
    with pytest.raises(DBAPIError, match="the record cannot be changed"):  # noqa: SIM117
        with runtime.engine.begin() as db:
            db.execute(change(entry))

    with runtime.engine.connect() as db:
        kept = db.scalar(select(AuditEntry.action).where(AuditEntry.id == entry))
    assert kept == "test.done"


def test_the_record_refuses_to_be_emptied_or_overwritten(runtime, entry):
    """Threat 209."""
    if runtime.engine.dialect.name == "postgresql":
        statements = ["TRUNCATE audit_entries", "TRUNCATE audit_entries CASCADE"]
    else:
        statements = [FORGE_ON_SQLITE.format(entry.hex)]
    with runtime.engine.connect() as db:
        before = db.scalar(select(func.count()).select_from(AuditEntry))

    for statement in statements:
        with pytest.raises(DBAPIError), runtime.engine.begin() as db:
            db.execute(text(statement))

    with runtime.engine.connect() as db:
        assert db.scalar(select(func.count()).select_from(AuditEntry)) == before
        kept = db.scalar(select(AuditEntry.action).where(AuditEntry.id == entry))
    assert kept == "test.done"
