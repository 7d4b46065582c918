"""The schema of the database: bringing it up, and setting an old development file aside."""

import sqlite3
from pathlib import Path

from sqlalchemy import make_url

from gatehouse.core.migrations import LazyMigrate
from gatehouse.core.runtime import Runtime


def migrate(runtime: Runtime, migrations: LazyMigrate) -> None:
    """Run every migration that is missing. Raises SchemaUnknown."""
    from alembic.command import upgrade  # noqa: PLC0415 - a second of import

    migrations.revision_of(runtime.engine)
    upgrade(migrations.migrate.get_config(migrations.directory), "head")


def prepare_database(runtime: Runtime, migrations: LazyMigrate) -> Path | None:
    """Migrate. A development file of another time is set aside first; returns where it went.

    Until the first release there is one migration, rewritten as the schema grows.
    """
    set_aside = _set_aside(runtime, migrations)
    migrate(runtime, migrations)
    return set_aside


def _set_aside(runtime: Runtime, migrations: LazyMigrate) -> Path | None:
    url = make_url(runtime.settings.database_url)
    if runtime.settings.in_production or url.get_backend_name() != "sqlite" or not url.database:
        return None
    path = Path(url.database)
    if not path.exists() or _revision(path) in (None, migrations.head()):
        return None
    runtime.engine.dispose()
    target = path.with_suffix(path.suffix + ".old")
    path.replace(target)
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    return target


def _revision(path: Path) -> str | None:
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return str(row[0]) if row else None
