"""Statements of tables that the driver of PostgreSQL runs itself: what is asked most.

To run a statement through SQLAlchemy takes three times as long as the driver does. Here it is
compiled once, and from then on the driver gets the text and the values. SQLite, where nobody
counts microseconds, goes the usual way. Errors are those of SQLAlchemy on both.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, TableClause, Update, bindparam, insert
from sqlalchemy.types import TypeEngine

from gatehouse.core.db import as_ours, refuse_to_change

Convert = Callable[[Any], Any]
Statement = Select[*tuple[Any, ...]] | Insert | Update


@dataclass(frozen=True, slots=True)
class _Compiled:
    """``fixed`` are the values by their place, as far as the statement brings them; ``write`` and
    ``read`` turn those of a call and of a row, by their place, into what the other side takes.
    """

    sql: str
    fixed: tuple[Any, ...]
    write: tuple[tuple[int, str, Convert | None], ...]
    read: tuple[tuple[int, Convert], ...]
    row: Callable[[Any], Any]


class Prepared:
    """A statement that is run again and again. Its values are those of its bindparam()s.

    It runs on the connection of a session, or on one that commits each statement as it ends.
    """

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self._changes = not isinstance(statement, Select)
        self._compiled: _Compiled | None = None

    def first(self, db: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, or None. Its columns are attributes, in their order."""
        if db.dialect.name == "sqlite":
            return db.execute(self.statement, values).first()
        made, cursor = self._run(db, values)
        found = cursor.fetchone()
        return None if found is None else _converted(made, found)

    def all(self, db: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """All rows."""
        if db.dialect.name == "sqlite":
            return db.execute(self.statement, values).all()
        made, cursor = self._run(db, values)
        return [_converted(made, each) for each in cursor.fetchall()]

    def count(self, db: Connection, values: Mapping[str, Any]) -> int:
        """Run what returns none, and say how many rows it hit."""
        if db.dialect.name == "sqlite":
            return db.execute(self.statement, values).rowcount
        return int(self._run(db, values)[1].rowcount)

    def _run(self, db: Connection, values: Mapping[str, Any]) -> tuple[_Compiled, Any]:
        if self._changes:
            refuse_to_change(db)
        made = self._compiled or self._compile(db.dialect)
        given = [*made.fixed]
        for at, name, convert in made.write:
            value = values[name]
            given[at] = convert(value) if convert is not None else value
        driver: Any = db.connection.driver_connection
        cursor = driver.own_cursor
        for listener in db.dispatch.before_cursor_execute:
            listener(db, cursor, made.sql, given, None, False)  # noqa: FBT003 - SQLAlchemy's own
        try:
            cursor.execute(made.sql, given)
        except driver.Error as error:
            raise as_ours(db, made.sql, error) from error
        return made, cursor

    def _compile(self, dialect: Dialect) -> _Compiled:
        # As PostgreSQL itself has it, $1: there is nothing for the driver to read and to change.
        own: Any = type(dialect)
        compiled: Any = self.statement.compile(dialect=own(paramstyle="numeric_dollar"))
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError("A list of values makes another statement each time.")
        binds = [(name, compiled.binds[name]) for name in compiled.positiontup]
        writers = [_writer(bind.type, dialect) for _, bind in binds]
        fixed = (
            None if bind.required else _apply(writer, bind.effective_value)
            for (_, bind), writer in zip(binds, writers, strict=True)
        )
        asked = ((at, name, writers[at]) for at, (name, bind) in enumerate(binds) if bind.required)
        columns = getattr(self.statement, "exported_columns", ())
        readers = ((at, _reader(column.type, dialect)) for at, column in enumerate(columns))
        self._compiled = _Compiled(
            str(compiled),
            tuple(fixed),
            tuple(asked),
            tuple((at, reader) for at, reader in readers if reader is not None),
            _maker([column.key for column in columns]),
        )
        return self._compiled


def inserting(table: TableClause, names: Iterable[str]) -> Prepared:
    """What inserts one row with these columns, of which none has a default of ours."""
    return Prepared(insert(table).values({name: bindparam(name) for name in names}))


def _maker(names: list[str]) -> Callable[[Any], Any]:
    make: Any = namedtuple  # noqa: PYI024 - whichever names a statement has
    found: Callable[[Any], Any] = make("Row", names)._make
    return found


def _converted(made: _Compiled, found: Sequence[Any]) -> Any:
    if made.read:
        cells = list(found)
        for at, convert in made.read:
            cells[at] = convert(cells[at])
        found = cells
    return made.row(found)


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _apply(convert: Convert | None, value: Any) -> Any:
    return convert(value) if convert is not None else value
