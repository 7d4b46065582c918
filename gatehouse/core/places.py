"""Places for streams: how many a worker sends at a time, for whom, and who must make way."""

from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RDWR, socket
from threading import RLock
from time import monotonic

from gatehouse.core.errors import TooManyRequests

SPARE = 2  # threads that no stream may hold, not even one that has lost its place
STALLED = 10.0  # seconds without a piece taken, after which whoever comes gets the place


class Places:
    """The few streams that a worker sends at a time, so that threads are left for others; and no
    two of one account or organization, so that nobody holds all of them.

    Who takes nothing for a while makes way for whoever comes. The thread of such a one may be stuck
    until the reader hangs up: it counts as taken, up to ``threads`` less those that are spared.
    """

    def __init__(self, threads: int, clock: Callable[[], float] = monotonic) -> None:
        self._most = max(1, threads // 2)
        self._most_threads = max(self._most, threads - SPARE)
        self._clock = clock
        self._held: list[Place] = []
        self._stuck: list[Place] = []
        # Re-entrant: a body that is lost gives its place back in whichever thread collects it.
        self._lock = RLock()

    def take(self, owners: frozenset[str], connection: socket | None = None) -> "Place":
        """Raises TooManyRequests."""
        with self._lock:
            in_the_way = [each for each in self._held if each.owners & owners]
            if not self._may_go(in_the_way):
                says = "One export at a time for you, and for an organization. Try again later."
                raise TooManyRequests(says, retry_after=10)
            if not in_the_way and len(self._held) >= self._most:
                in_the_way = [min(self._held, key=lambda each: each.moved_at)]
            after = len(self._held) + len(self._stuck) + 1 - sum(e.can_be_cut for e in in_the_way)
            if not self._may_go(in_the_way) or after > self._most_threads:
                says = "Too many exports at a time. Try again later."
                raise TooManyRequests(says, retry_after=10)
            for each in in_the_way:
                self._evict(each)
            place = Place(self, owners, connection, self._clock())
            self._held.append(place)
            return place

    def go_on(self, place: "Place") -> None:
        """Note that a piece was taken. Raises TooManyRequests if somebody else has the place."""
        with self._lock:
            if place not in self._held:
                says = "Nothing was taken for too long, and somebody else waited."
                raise TooManyRequests(says, retry_after=10)
            place.moved_at = self._clock()

    def give_back(self, place: "Place") -> None:
        with self._lock:
            for places in (self._held, self._stuck):
                if place in places:
                    places.remove(place)

    def _may_go(self, places: "list[Place]") -> bool:
        return all(self._clock() - each.moved_at >= STALLED for each in places)

    def _evict(self, place: "Place") -> None:
        if place in self._held:  # Or it was lost a moment ago, and gave it back.
            self._held.remove(place)
            if not place.cut():
                self._stuck.append(place)


class Place:
    """One of the places. ``connection`` is that of its reader, where a server hands it to us."""

    __slots__ = ("__weakref__", "_connection", "_places", "moved_at", "owners")

    def __init__(
        self, places: Places, owners: frozenset[str], connection: socket | None, now: float
    ) -> None:
        self._places = places
        self._connection = connection
        self.owners = owners
        self.moved_at = now

    @property
    def can_be_cut(self) -> bool:
        return self._connection is not None

    def cut(self) -> bool:
        """End the connection, so that the thread that waits for the reader goes on. Returns
        whether that could be done.
        """
        if self._connection is None:
            return False
        with suppress(OSError):
            self._connection.shutdown(SHUT_RDWR)
        return True

    def go_on(self) -> None:
        self._places.go_on(self)

    def give_back(self) -> None:
        self._places.give_back(self)
