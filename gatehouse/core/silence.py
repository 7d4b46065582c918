"""Connections to PostgreSQL that do not wait for ever: a server can be silent without being dead.

Imported only where PostgreSQL is used: an installation on SQLite has no driver for it.
"""

from functools import cached_property
from typing import Any, TypeVar

import psycopg
from psycopg import RawCursor
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from sqlalchemy import Engine, event

T = TypeVar("T")
LONGEST = 30  # seconds that a server may take to answer; db.py has it end a statement before


class Impatient(psycopg.Connection[TupleRow]):
    """Gives up a server that is silent, be it frozen or out of reach, and with it the connection.

    A time-out of sockets would not do: the driver's never block.
    """

    patience: float = LONGEST

    @cached_property
    def own_cursor(self) -> RawCursor[TupleRow]:
        """For one statement after the other, each read to its end. Values are $1, $2."""
        return RawCursor(self)

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            # An answer that was not waited for would be taken for that to the next statement.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise

    def set_autocommit(self, value: bool) -> None:  # noqa: FBT001 - the driver's own
        """Statements of others on this connection would never be committed. Raises
        NotSupportedError.
        """
        if not value:
            says = "A transaction begins with BEGIN; for its level say SET TRANSACTION in it."
            raise psycopg.NotSupportedError(says)
        super().set_autocommit(value)

    def rollback(self) -> None:
        """There is nothing to be undone if no transaction is there: no need to ask."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            super().rollback()


def give_up_the_silent(engine: Engine) -> None:
    """Let all connections of an engine of PostgreSQL be such."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Impatient:
        return Impatient.connect(*arguments, **options)
