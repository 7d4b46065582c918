"""What a worker may go by without asking the database for it again.

All that is kept counts as long as one number does not rise. A worker reads the number at most a
LEASE ago, before what it keeps, and believes it that long and no longer. Whoever ends something (a
grant, a family, a single token, a client) raises the number in the transaction that ends it, and
waits a LEASE after the commit, before the answer leaves: from then on no worker goes by what was
before, whatever became of Redis. What changes without that, such as a name, is read anew after MOST
seconds.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar, cast

from sqlalchemy import Column, Engine, Integer, Table, select, update

from gatehouse.core.db import Model, committing_each

T = TypeVar("T")

ENDINGS = Table(
    "lease_endings",
    Model.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)
RAISED = update(ENDINGS).values(number=ENDINGS.c.number + 1)
LEASE = 0.1  # seconds for which a worker believes the number
MOST = 2.0  # seconds for which it keeps anything
MOST_KEPT = 4096  # things that a worker keeps


class Leases:
    """Values by key, each kept as long as nothing is ended anywhere."""

    def __init__(self, engine: Engine) -> None:
        self._engine = committing_each(engine)
        self._kept: dict[Hashable, tuple[int, float, Any]] = {}
        self._number = -1
        self._lease_ends = 0.0
        self._lock = Lock()

    def get(self, key: Hashable, read: Callable[[], T | None]) -> T | None:
        """The value of ``key``, read anew if anything was ended. What is not there is not kept."""
        number = self._believed()
        kept = self._kept.get(key)
        if kept is not None and kept[0] == number and monotonic() < kept[1]:
            return cast("T", kept[2])
        ends = monotonic() + MOST
        found = read()
        if found is None:
            self._kept.pop(key, None)
            return None
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (number, ends, found)
        return found

    def drop(self) -> None:
        """Go by nothing any more, in this process."""
        self._kept.clear()

    def _believed(self) -> int:
        return self._number if monotonic() < self._lease_ends else self._read()

    def _read(self) -> int:
        """Read the number, and believe it for a lease from before it was read. It only rises."""
        started = monotonic()
        with self._engine.connect() as db:
            found = db.scalar(select(ENDINGS.c.number)) or 0
        with self._lock:
            if found >= self._number:
                self._number = found
                self._lease_ends = max(self._lease_ends, started + LEASE)
            return self._number


def outwait() -> None:
    """Wait until the last lease on the number is over that was raised by now, in every process."""
    sleep(LEASE)
