"""What a request asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from gatehouse.core.context import Runtime


@contextmanager
def statements_of(runtime: Runtime) -> Iterator[list[str]]:
    """The statements that run in this block. The epoch is read once a second, whoever asks."""
    statements: list[str] = []

    def note(*args: object) -> None:
        if "cache_epochs" not in str(args[2]):
            statements.append(str(args[2]))

    event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(runtime.engine, "before_cursor_execute", note)
