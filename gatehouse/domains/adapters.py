"""Asking the DNS with dnspython, through the machine's resolvers or those of DNS_RESOLVERS."""

from collections.abc import Sequence

from gatehouse.core.addresses import nameserver_of
from gatehouse.domains.errors import ResolverAway

LIFETIME = 5.0  # seconds for an answer, all resolvers and repetitions included
TIMEOUT = 2.0  # seconds for one resolver
MOST_RECORDS = 100


class DnsResolver:
    """``servers`` are written like 192.0.2.53 or 192.0.2.53:5353; none means the machine's own."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = servers

    def texts(self, name: str) -> list[str]:
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
