"""Fetching the keys that clients publish: seldom, within bounds, and never many at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from time import monotonic
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from gatehouse.clients.errors import KeysBusy
from gatehouse.clients.rules.published import keys_of_set
from gatehouse.core.addresses import Limits
from gatehouse.core.jose import Key
from gatehouse.core.json_text import read_json
from gatehouse.core.outbound import AddressRefused, NotReached, Outbound
from gatehouse.core.settings import Settings

FRESH = 600.0  # seconds for which keys are good as they were fetched
STALE = 86_400.0  # seconds for which they are good if the address does not answer
REST = 60.0  # seconds between two tries, whatever is asked for
REST_OF_THE_UNKNOWN = 20.0  # the same while nothing is known yet
MOST_ADDRESSES = 512
MOST_AT_ONCE = 4  # requests of this process that wait for others' answers
MOST_OF_ONE = 2  # of those: for one host, and of one who asks
QUICK = 0.5  # seconds for an answer, after which nobody rests
RESTS = 5  # times as long as it took, and twice that after each further slow answer
LONGEST_REST = 300.0  # seconds
OK = 200
LIMITS = Limits(connect=2.0, read=3.0, total=4.0, body=64 * 1024)  # total: all exchanges together


@dataclass(slots=True)
class Kept:
    """What is known of an address. Times are those of a clock that never goes back."""

    keys: tuple[Key, ...] = ()
    fetched_at: float = float("-inf")
    tried_at: float = float("-inf")
    used_at: float = float("-inf")
    answered: Event = field(default_factory=Event)
    is_asked: bool = False

    def has(self, kid: str) -> bool:
        return not kid or any(key.kid == kid for key in self.keys)

    def good_at(self, now: float) -> tuple[Key, ...]:
        """What still counts. Nobody who has keys waits until there is a place to renew them."""
        return self.keys if now - self.fetched_at < STALE else ()

    def may_be_asked(self, now: float) -> bool:
        rest = REST if self.keys else REST_OF_THE_UNKNOWN
        return not self.is_asked and now - self.tried_at >= rest


@dataclass(frozen=True, slots=True)
class Place:
    """Held by whoever waits: for which host, and on whose behalf."""

    host: str
    asker: UUID | None


class FetchedKeys:
    """Keeps what it fetched, in this process. Many who ask the same at once are one question."""

    def __init__(
        self,
        outbound: Outbound,
        *,
        schemes: Sequence[str] = ("https",),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._outbound = outbound
        self._schemes = schemes
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._held: list[Place] = []
        self._resting: dict[UUID, tuple[float, int]] = {}  # until when, after how many in a row
        self._lock = Lock()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        # Without TLS nobody's keys are their own: that is for trying things out.
        schemes = ("https",) if settings.in_production else ("https", "http")
        return cls(Outbound.of(settings), schemes=schemes)

    def at(self, url: str, kid: str = "", *, asked_by: UUID | None = None) -> Sequence[Key]:
        kept, now = self._known(url), self._clock()
        if now - kept.fetched_at >= FRESH or not kept.has(kid):
            try:
                self._renew(url, kept, kid, asked_by)
            except KeysBusy:
                if not kept.good_at(now):
                    raise
        return kept.good_at(self._clock())

    def _known(self, url: str) -> Kept:
        """What is known of the address. Of too many those go that have no keys, and then the one
        that nobody has used for longest: whoever names many puts out none that is in use.
        """
        with self._lock:
            if url not in self._kept:
                if len(self._kept) >= MOST_ADDRESSES:
                    idle = [one for one, kept in self._kept.items() if not kept.is_asked]
                    del self._kept[min(idle, key=self._worth)]
                self._kept[url] = Kept()
            kept = self._kept[url]
            kept.used_at = self._clock()
            return kept

    def _worth(self, url: str) -> tuple[bool, float]:
        kept = self._kept[url]
        return bool(kept.keys), kept.used_at

    def _renew(self, url: str, kept: Kept, kid: str, asker: UUID | None) -> None:
        """Ask, or wait for whoever asks already what we do not know. Raises KeysBusy."""
        place = Place(urlsplit(url).netloc, asker)
        with self._lock:
            now = self._clock()
            asks = kept.may_be_asked(now)
            waits = kept.is_asked and not (kept.good_at(now) and kept.has(kid))
            if not (asks or waits):
                return
            self._take(place, now)
            if asks:
                kept.is_asked, kept.tried_at, kept.answered = True, now, Event()
        with self._given_back(place, now):
            if asks:
                self._ask(url, kept)
            elif not kept.answered.wait(LIMITS.total):
                raise KeysBusy

    def _ask(self, url: str, kept: Kept) -> None:
        try:
            keys = self._fetched(url, monotonic() + LIMITS.total)
            if keys is not None:
                kept.keys, kept.fetched_at = keys, self._clock()
        finally:
            kept.is_asked = False
            kept.answered.set()

    def _take(self, place: Place, now: float) -> None:
        """Take one of the few places: no host, and nobody who asks for many, holds all of them."""
        of_host = sum(each.host == place.host for each in self._held)
        of_asker, rests = 0, False
        if place.asker is not None:
            of_asker = sum(each.asker == place.asker for each in self._held)
            rests = self._resting.get(place.asker, (now, 0))[0] > now
        if rests or len(self._held) >= MOST_AT_ONCE or max(of_host, of_asker) >= MOST_OF_ONE:
            raise KeysBusy
        self._held.append(place)

    @contextmanager
    def _given_back(self, place: Place, began: float) -> Iterator[None]:
        try:
            yield
        finally:
            with self._lock:
                self._held.remove(place)
                if place.asker is not None:
                    self._rest(place.asker, began, self._clock())

    def _rest(self, asker: UUID, began: float, now: float) -> None:
        """Whose answer was slow leaves the places to others for a while."""
        known, took = self._resting, now - began
        self._resting = {one: at for one, at in known.items() if at[0] + LONGEST_REST > now}
        _, slow_before = self._resting.pop(asker, (0.0, 0))
        if took >= QUICK:
            rest = min(LONGEST_REST, took * RESTS * 2 ** min(slow_before, 10))
            self._resting[asker] = (now + rest, slow_before + 1)

    def _fetched(self, url: str, deadline: float) -> tuple[Key, ...] | None:
        """The keys as they are published now; None if nothing that can be read is."""
        found = self._document(url, deadline, "application/jwk-set+json, application/json")
        is_set = isinstance(found, dict) and isinstance(found.get("keys"), list)
        return keys_of_set(found) if is_set else None

    def _document(self, url: str, deadline: float, accept: str = "application/json") -> Any:
        """The JSON that is there; None if none is, or nobody answers in time."""
        headers = {"Accept": accept}
        limits = replace(LIMITS, total=max(deadline - monotonic(), 0.0))
        try:
            answer = self._outbound.send(
                "GET", url, headers=headers, schemes=self._schemes, limits=limits
            )
            return read_json(answer.body) if answer.status == OK else None
        except (AddressRefused, NotReached, orjson.JSONDecodeError):
            return None
