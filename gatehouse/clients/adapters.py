"""Fetching the keys that clients publish: seldom, within bounds, and never many at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from time import monotonic
from typing import Any, Self
from urllib.parse import urlsplit

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
MOST_OF_A_HOST = 2
OK = 200
LIMITS = Limits(connect=2.0, read=3.0, total=4.0, body=64 * 1024)


@dataclass(slots=True)
class Kept:
    """What is known of an address. Times are those of a clock that never goes back."""

    keys: tuple[Key, ...] = ()
    fetched_at: float = float("-inf")
    tried_at: float = float("-inf")
    answered: Event = field(default_factory=Event)
    is_asked: bool = False

    def has(self, kid: str) -> bool:
        return not kid or any(key.kid == kid for key in self.keys)


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
        self._waiting: Counter[str] = Counter()
        self._lock = Lock()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        # Without TLS nobody's keys are their own: that is for trying things out.
        schemes = ("https",) if settings.in_production else ("https", "http")
        return cls(Outbound.of(settings), schemes=schemes)

    def at(self, url: str, kid: str = "") -> Sequence[Key]:
        kept = self._known(url)
        now = self._clock()
        is_good = now - kept.fetched_at < FRESH and kept.has(kid)
        try:
            if not is_good and self._may_ask(kept):
                self._ask(url, kept)
            elif kept.is_asked and not kept.keys:
                self._wait(url, kept)
        except KeysBusy:
            if not kept.keys:
                raise
        return kept.keys if self._clock() - kept.fetched_at < STALE else ()

    def _may_ask(self, kept: Kept) -> bool:
        rest = REST if kept.keys else REST_OF_THE_UNKNOWN
        return self._clock() - kept.tried_at >= rest

    def _known(self, url: str) -> Kept:
        """What is known of the address. Of too many the one that was tried longest ago goes."""
        with self._lock:
            if url not in self._kept:
                if len(self._kept) >= MOST_ADDRESSES:
                    del self._kept[min(self._kept, key=lambda one: self._kept[one].tried_at)]
                self._kept[url] = Kept()
            return self._kept[url]

    def _ask(self, url: str, kept: Kept) -> None:
        with self._place(url):
            with self._lock:
                is_mine = not kept.is_asked and self._may_ask(kept)
                if is_mine:
                    kept.is_asked, kept.tried_at, kept.answered = True, self._clock(), Event()
            if not is_mine:
                kept.answered.wait(LIMITS.total)
                return
            try:
                keys = self._fetched(url)
                if keys is not None:
                    kept.keys, kept.fetched_at = keys, self._clock()
            finally:
                kept.is_asked = False
                kept.answered.set()

    def _wait(self, url: str, kept: Kept) -> None:
        """Another asks for the very first time: its answer is ours."""
        with self._place(url):
            kept.answered.wait(LIMITS.total)

    @contextmanager
    def _place(self, url: str) -> Iterator[None]:
        """Hold one of the few places: a silent host holds no more than its own."""
        host = urlsplit(url).netloc
        with self._lock:
            is_full = self._waiting.total() >= MOST_AT_ONCE
            if is_full or self._waiting[host] >= MOST_OF_A_HOST:
                raise KeysBusy
            self._waiting[host] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[host] -= 1
                self._waiting += Counter()  # Whoever is at nought is forgotten.

    def _fetched(self, url: str) -> tuple[Key, ...] | None:
        """The keys as they are published now; None if nothing that can be read is."""
        found = self._document(url, "application/jwk-set+json, application/json")
        is_set = isinstance(found, dict) and isinstance(found.get("keys"), list)
        return keys_of_set(found) if is_set else None

    def _document(self, url: str, accept: str = "application/json") -> Any:
        """The JSON that is there; None if none is, or nobody answers."""
        headers = {"Accept": accept}
        try:
            answer = self._outbound.send(
                "GET", url, headers=headers, schemes=self._schemes, limits=LIMITS
            )
            return read_json(answer.body) if answer.status == OK else None
        except (AddressRefused, NotReached, orjson.JSONDecodeError):
            return None
