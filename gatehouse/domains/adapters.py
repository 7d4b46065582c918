"""Asking the DNS with dnspython, through the machine's resolvers or those of DNS_RESOLVERS."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from threading import Lock
from uuid import UUID

from gatehouse.core.addresses import nameserver_of
from gatehouse.domains.errors import ResolverAway, ResolverBusy

LIFETIME = 5.0  # seconds for an answer, all resolvers and repetitions included
TIMEOUT = 2.0  # seconds for one resolver
MOST_RECORDS = 100
MOST_AT_ONCE = 2  # requests of this process that may wait for an answer


class DnsResolver:
    """``servers`` are written like 192.0.2.53 or 192.0.2.53:5353; none means the machine's own."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = servers
        self.waiting: set[UUID] = set()
        self._lock = Lock()

    def texts(self, name: str, asked_by: UUID | None = None) -> list[str]:
        with self._place_of(asked_by):
            return self._texts(name)

    @contextmanager
    def _place_of(self, asker: UUID | None) -> Iterator[None]:
        """Hold one of the few places of this process. A job needs none: no caller waits for it."""
        if asker is None:
            yield
            return
        with self._lock:
            if asker in self.waiting or len(self.waiting) >= MOST_AT_ONCE:
                raise ResolverBusy(retry_after=ceil(LIFETIME))
            self.waiting.add(asker)
        try:
            yield
        finally:
            self.waiting.discard(asker)

    def _texts(self, name: str) -> list[str]:
        from dns import exception, nameserver, resolver  # noqa: PLC0415 - few processes ask

        asked = [nameserver.Do53Nameserver(*nameserver_of(server)) for server in self._servers]
        try:
            ours = resolver.Resolver(configure=not asked)
            if asked:
                ours.nameservers = asked
            ours.timeout, ours.lifetime = TIMEOUT, LIFETIME
            answer = ours.resolve(f"{name}.", "TXT", search=False, raise_on_no_answer=False)
        except resolver.NXDOMAIN:
            return []
        except (exception.DNSException, OSError):
            raise ResolverAway from None
        records = list(answer.rrset or ())[:MOST_RECORDS]
        return [b"".join(record.strings).decode("utf-8", "replace") for record in records]
