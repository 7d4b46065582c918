"""What a worker may go by for a moment without asking the database again.

A lease begins before the row is read and is looked at when it is used, so that nothing is believed
for longer than LEASE after it was true. Whoever ends something waits that long after the commit,
before the answer leaves: from then on no worker goes by what was before. Nothing is shared between
processes, and nothing needs Redis.
"""

from collections.abc import Callable, Hashable
from time import monotonic, sleep
from typing import Any, TypeVar, cast

T = TypeVar("T")

LEASE = 0.1  # seconds
MOST = 4096  # leases that a worker holds


class Leases:
    """Values by key, each believed until its lease is over."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable, read: Callable[[], T | None]) -> T | None:
        """The value of ``key``, read anew if its lease is over. What is not there is not kept."""
        held = self._held.get(key)
        if held is not None and monotonic() < held[0]:
            return cast("T", held[1])
        ends = monotonic() + LEASE
        found = read()
        if found is None:
            self._held.pop(key, None)
            return None
        if len(self._held) >= MOST:
            self._held.clear()
        self._held[key] = (ends, found)
        return found

    def drop(self) -> None:
        """Go by nothing any more, in this process."""
        self._held.clear()


def outwait() -> None:
    """Wait until the last lease on what is committed by now is over, in every process."""
    sleep(LEASE)
