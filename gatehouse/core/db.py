"""The base of every table, the engine, and the one place that hides removed rows."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Index,
    MetaData,
    String,
    create_engine,
    delete,
    event,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator
from uuid_utils.compat import uuid7

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "recursive_triggers=ON",  # REPLACE deletes, and the record's triggers shall hear of it.
)
WAIT_FOR_LOCK = 5  # seconds
# Below what silence.py waits, so that PostgreSQL is the one who ends what takes too long.
LIMITS = (
    "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=25s"
    " -c idle_in_transaction_session_timeout=60s"
)
# A host that has vanished, not only its PostgreSQL, is noticed by the system within 15 s or so.
GONE = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}
KEPT_WHEN_REMOVED = timedelta(days=90)  # as long as a backup, or somebody's question, may matter
PURGED_AT_ONCE = 200  # Each may take rows of other tables along.


class TZDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database. SQLite would give naive ones back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("A naive datetime has no place in the database.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: TZDateTime, dict[str, Any]: JSON}

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC), sort_order=1)


class Removable:
    """A row that can be removed yet kept. Every statement of the ORM passes it over."""

    deleted_at: Mapped[datetime | None] = mapped_column(default=None, sort_order=2)


def words(kind: type[StrEnum]) -> Enum:
    """A column of the words of ``kind``, kept as text: a new word needs no migration."""
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda kinds: [k.value for k in kinds]
    )


def found_when_removed(name: str) -> Index:
    """An index of the removed rows alone, for the job that deletes them for good."""
    removed = text("deleted_at IS NOT NULL")
    return Index(name, "deleted_at", postgresql_where=removed, sqlite_where=removed)


def unique_among_the_living(name: str, *columns: str) -> Index:
    """A unique index that a removed row no longer counts in."""
    living = text("deleted_at IS NULL")
    return Index(name, *columns, unique=True, postgresql_where=living, sqlite_where=living)


LIVING = with_loader_criteria(Removable, lambda cls: cls.deleted_at.is_(None), include_aliases=True)


@event.listens_for(Session, "do_orm_execute")
def _pass_over_removed(state: ORMExecuteState) -> None:
    """Add ``deleted_at IS NULL`` to every statement, so that nobody can forget it.

    To see removed rows, say so: ``execution_options(with_removed=True)``. Relationships to
    removable rows are ``lazy="raise"``, because a lazy load would not pass here.
    """
    if state.execution_options.get("with_removed"):
        return
    if state.is_select or state.is_update or state.is_delete:
        state.statement = state.statement.options(LIVING)


class ReadingSession(Session):
    """For what only reads. Nothing would undo what it changed: on PostgreSQL no transaction is
    there.
    """


def refuse_to_change(connection: Connection) -> None:
    """Raises RuntimeError on a connection that only reads."""
    if _reads_only(connection):
        raise RuntimeError("What only reads changes nothing.")


@event.listens_for(ReadingSession, "before_flush")
def _refuse_objects(session: Session, *_: Any) -> None:
    if session.new or session.deleted or any(map(session.is_modified, session.dirty)):
        refuse_to_change(session.connection())


@event.listens_for(ReadingSession, "do_orm_execute")
def _refuse_statements(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        refuse_to_change(state.session.connection())


def make_engine(url: str) -> Engine:
    """An engine whose transactions behave alike on PostgreSQL and SQLite. Connects on first use."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    from gatehouse.core.silence import give_up_the_silent  # noqa: PLC0415 - SQLite has no driver

    engine = create_engine(
        url,
        hide_parameters=True,  # They hold hashes and addresses, and errors are logged.
        json_serializer=_as_json,
        pool_size=10,
        max_overflow=10,
        pool_timeout=WAIT_FOR_LOCK,
        pool_recycle=1800,
        connect_args={
            "autocommit": True,  # A transaction begins when we say so, see _begin_postgresql.
            "connect_timeout": WAIT_FOR_LOCK,
            "options": LIMITS,
            **GONE,
        },
    )
    give_up_the_silent(engine)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _as_json(value: Any) -> bytes | str:
    """What is written most; slowly what orjson has no word for, such as numbers of over 64 bits."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value)


def committing_each(engine: Engine) -> Engine:
    """The same engine, on which every statement is a transaction of its own."""
    return engine.execution_options(commits_each=True)


def commits_each(connection: Connection) -> bool:
    found: bool = connection.get_execution_options().get("commits_each", False)
    return found


def _reads_only(connection: Connection) -> bool:
    found: bool = connection.get_execution_options().get("reads_only", False)
    return found


def _begin_postgresql(connection: Connection) -> None:
    """To change how the driver commits takes longer than a statement; to begin is one.

    What only reads needs none: at READ COMMITTED each statement sees by itself what is committed.
    """
    if commits_each(connection) or _reads_only(connection):
        return
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute("BEGIN")
    except driver.Error as error:
        raise as_ours(connection, "BEGIN", error) from error


def as_ours(db: Connection, sql: str, error: Any) -> BaseException:
    """The error as SQLAlchemy would raise it. If the connection is lost, so are those beside it."""
    is_lost = db.dialect.is_disconnect(error, db.connection.dbapi_connection, None)
    if is_lost:
        db.invalidate(error)
        db.engine.dispose()
    ours: BaseException = DBAPIError.instance(
        sql,
        None,
        error,
        db.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=db.dialect,
    )
    return ours


@contextmanager
def in_a_hurry(db: Connection) -> Iterator[None]:
    """Give the database 5 s for an answer, not 30: somebody waits who only asks how it is."""
    driver: Any = db.connection.driver_connection
    if not hasattr(driver, "patience"):  # SQLite
        yield
        return
    before, driver.patience = driver.patience, WAIT_FOR_LOCK
    try:
        yield
    finally:
        driver.patience = before


def missing_file(url: str) -> Path | None:
    """The file of a SQLite database, if it is not there: whoever only looks shall not make it."""
    parts = make_url(url)
    name = parts.database or ":memory:"
    if parts.get_backend_name() != "sqlite" or name == ":memory:" or name.startswith("file:"):
        return None
    path = Path(name).absolute()
    return None if path.exists() else path


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(exist_ok=True)  # Ours; any other is there, see the settings.
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": WAIT_FOR_LOCK, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a reader that turns writer is refused at once.

    That also stands in for SELECT ... FOR UPDATE, which SQLite does not have.
    """
    if commits_each(connection):
        return
    connection.exec_driver_sql("BEGIN" if _reads_only(connection) else "BEGIN IMMEDIATE")


def insert_into(table: Any, dialect: Dialect) -> Any:
    """An INSERT in the words of this database, so that it can say what to do on a conflict."""
    return (sqlite if dialect.name == "sqlite" else postgresql).insert(table)


class _NotAwaited(FunctionElement[str]):
    inherit_cache = True
    type = String()


@compiles(_NotAwaited)
def _nothing(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "NULL"


@compiles(_NotAwaited, "postgresql")
def _at_leisure(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "set_config('synchronous_commit', 'off', true)"


# In what a statement returns: the end of its transaction does not wait for the disk. For what
# nobody misses if the server crashes within the next second (PostgreSQL, synchronous_commit).
NOT_AWAITED = _NotAwaited()


def insert_unless_there(db: Session, model: type[Model], values: dict[str, Any]) -> bool:
    """Insert a row, or do nothing where a unique index has it already. Returns whether we did."""
    row = insert_into(model.__table__, db.get_bind().dialect).values(values)
    found = db.execute(row.on_conflict_do_nothing().returning(model.__table__.c.id))
    return found.first() is not None


def purge_removed(db: Session, model: type[Any], now: datetime, *also: Any) -> int:
    """Delete a batch of rows for good that were removed 90 days ago, and what hangs on them.

    Returns how many there were. ``also`` narrows it down.
    """
    over = select(model.id).where(model.deleted_at < now - KEPT_WHEN_REMOVED, *also)
    few = over.order_by(model.deleted_at).limit(PURGED_AT_ONCE)
    gone = delete(model).where(model.id.in_(few.scalar_subquery()))
    options = {"with_removed": True, "synchronize_session": False}
    count: int = db.execute(gone, execution_options=options).rowcount  # type: ignore[attr-defined]
    return count


def in_batches(ids: Iterable[UUID], size: int = 500) -> Iterator[list[UUID]]:
    """Cut ``ids`` into lists that fit into one statement's parameters."""
    batch: list[UUID] = []
    for item in ids:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
