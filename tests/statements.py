"""What a request asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from gatehouse.core.runtime import Runtime

# What is asked to let a request in: less if Redis answers in time, and now and then the epoch.
OF_ADMISSION = (" sessions", "ephemeral", "cache_epochs", "lease_endings")


@contextmanager
def statements_of(runtime: Runtime, but: tuple[str, ...] = OF_ADMISSION) -> Iterator[list[str]]:
    """The statements that run in this block, once the request is let in."""
    statements: list[str] = []

    def note(*args: object) -> None:
        statement = str(args[2])
        if not any(table in statement for table in but):
            statements.append(statement)

    event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(runtime.engine, "before_cursor_execute", note)
