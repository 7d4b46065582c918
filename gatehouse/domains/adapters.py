"""Asking the DNS with dnspython, through the machine's resolvers or those of DNS_RESOLVERS."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from threading import Lock
from time import monotonic
from uuid import UUID

from gatehouse.core.addresses import nameserver_of
from gatehouse.domains.errors import ResolverAway, ResolverBusy
from gatehouse.domains.rules import LONGEST_REST, rest_after

LIFETIME = 5.0  # seconds for an answer, all resolvers and repetitions included
TIMEOUT = 2.0  # seconds for one resolver
QUICKLY = 1.0  # seconds for all of that when others wait their turn
MOST_RECORDS = 100
SLOW = "The DNS was slow to answer you. Others go first for a while; try again later."
MOST_AT_ONCE = 2  # requests of this process that may wait for an answer


class DnsResolver:
    """``servers`` are written like 192.0.2.53 or 192.0.2.53:5353; none means the machine's own."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = servers
        self.waiting: set[UUID] = set()
        self._resting: dict[UUID, tuple[float, int]] = {}  # until when, after how many in a row
        self._lock = Lock()

    def texts(
        self, name: str, asked_by: Collection[UUID] = (), *, quickly: bool = False
    ) -> list[str]:
        seconds = QUICKLY if quickly else LIFETIME
        if not asked_by:  # A job: no caller waits for it.
            return self._texts(name, seconds)
        with self._place_of(asked_by):
            return self._texts(name, seconds)

    @contextmanager
    def _place_of(self, askers: Collection[UUID]) -> Iterator[None]:
        """Hold one of the few places of this process.

        Whose answer was slow rests for longer than it took, so that those with silent servers leave
        the places to others. Each process has places of its own, and so its own memory of that.
        """
        began = monotonic()
        with self._lock:
            is_full = len(self.waiting) >= MOST_AT_ONCE * len(askers)
            if is_full or self.waiting.intersection(askers):
                raise ResolverBusy(retry_after=ceil(LIFETIME))
            rest = max(self._resting.get(asker, (0.0, 0))[0] for asker in askers) - began
            if rest > 0:
                raise ResolverBusy(SLOW, retry_after=ceil(rest))
            self.waiting.update(askers)
        try:
            yield
        finally:
            with self._lock:
                self.waiting.difference_update(askers)
                self._rest(askers, began, monotonic())

    def _rest(self, askers: Collection[UUID], began: float, now: float) -> None:
        known = self._resting
        self._resting = {one: at for one, at in known.items() if at[0] + LONGEST_REST > now}
        for asker in askers:
            _, slow_before = self._resting.pop(asker, (0.0, 0))
            rest = rest_after(now - began, slow_before)
            if rest:
                self._resting[asker] = (now + rest, slow_before + 1)

    def _texts(self, name: str, seconds: float) -> list[str]:
        from dns import exception, nameserver, resolver  # noqa: PLC0415 - few processes ask

        asked = [nameserver.Do53Nameserver(*nameserver_of(server)) for server in self._servers]
        try:
            ours = resolver.Resolver(configure=not asked)
            if asked:
                ours.nameservers = asked
            ours.timeout, ours.lifetime = TIMEOUT, seconds
            answer = ours.resolve(f"{name}.", "TXT", search=False, raise_on_no_answer=False)
        except resolver.NXDOMAIN:
            return []
        except (exception.DNSException, OSError):
            raise ResolverAway from None
        records = list(answer.rrset or ())[:MOST_RECORDS]
        return [b"".join(record.strings).decode("utf-8", "replace") for record in records]
