"""Many at the same moment, and one who must wait: threads that meet at a barrier or at a lock."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Select, text
from sqlalchemy.orm import Session

from gatehouse.core.runtime import Runtime

PATIENCE = 20  # seconds
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run all ``acts`` at the same moment, each in its thread. Returns what they returned."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait(PATIENCE)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(run, act) for act in acts]]


@contextmanager
def held_up(runtime: Runtime, row: Select[Any], *acts: Callable[[], Any]) -> Iterator[Any]:
    """Hold ``row``, start ``acts`` one after the other, and wait until each waits for us.

    Gives ``(db, futures)``. What is written with ``db`` is committed at the end of the block, and
    only then do the acts go on. An act that need not wait is done by then.
    """
    with ThreadPoolExecutor(len(acts)) as pool:
        futures: list[Future[Any]] = []
        with runtime.writing() as db:
            db.execute(row.with_for_update())
            for number, act in enumerate(acts, 1):
                futures.append(pool.submit(act))
                _wait_until(lambda n=number: _waiting_or_done(runtime, futures) >= n)
            yield db, futures
            db.commit()


def _waiting_or_done(runtime: Runtime, futures: list[Future[Any]]) -> int:
    """On SQLite nobody is seen waiting, and nobody can do anything but wait."""
    if runtime.engine.dialect.name == "sqlite":
        return len(futures)
    with runtime.short.connect() as db:
        return int(db.scalar(WAITING) or 0) + sum(future.done() for future in futures)


def _wait_until(condition: Callable[[], bool]) -> None:
    ends = monotonic() + PATIENCE
    while not condition():
        if monotonic() > ends:
            raise AssertionError("Nobody came to wait.")
        sleep(0.01)


def tables_as_text(db: Session) -> str:
    """Every row of every table, as text: what somebody who steals the database can read."""
    names = db.connection().dialect.get_table_names(db.connection())
    rows = (db.execute(text(f'SELECT * FROM "{name}"')) for name in names)  # noqa: S608 - our own
    return "\n".join(str(tuple(map(_as_text, row))) for found in rows for row in found)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{value.hex()} {value.decode('latin-1')}"
    return str(value)
