"""Places for streams: how many a worker sends at a time, and for whom."""

from dataclasses import dataclass
from threading import RLock

from gatehouse.core.errors import TooManyRequests


class Places:
    """The few streams that a worker sends at a time, so that threads are left for others; and no
    two of one account or organization, so that nobody holds all of them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: list[frozenset[str]] = []
        # Re-entrant: a body that is lost gives its place back in whichever thread collects it.
        self._lock = RLock()

    def take(self, owners: frozenset[str]) -> "Place":
        """Raises TooManyRequests."""
        with self._lock:
            if len(self._held) >= self._most:
                raise TooManyRequests(
                    "Too many exports at a time. Try again later.", retry_after=10
                )
            if any(owners & others for others in self._held):
                says = "One export at a time for you, and for an organization. Try again later."
                raise TooManyRequests(says, retry_after=10)
            self._held.append(owners)
            return Place(self, owners)

    def give_back(self, owners: frozenset[str]) -> None:
        with self._lock:
            self._held.remove(owners)


@dataclass(frozen=True, slots=True)
class Place:
    """One of the places."""

    places: Places
    owners: frozenset[str]

    def give_back(self) -> None:
        self.places.give_back(self.owners)
