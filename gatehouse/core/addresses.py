"""Which places on the network we may call for somebody else, and how much we take. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network

LONGEST_URL = 2048
LONGEST_NAME = 253
LOWEST_FREE_PORT = 1024  # Below, only those of the Web: nobody makes us talk to a mail server.
HIGHEST_PORT = 65_535
NAMESERVER_PORT = 53
PORTS = {"http": 80, "https": 443}
LOOPBACK = {"localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1", "::1": "::1"}
URL = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")  # RFC 3986, and no quotes or blanks.
PLACE = re.compile(
    r"(\[(?P<ipv6>[0-9A-Fa-f:]+)\]|(?P<name>[^:\[\]]+))(:(?P<port>[0-9]{1,5}))?", re.ASCII
)
NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# What the registries of IANA keep for special purposes (RFC 6890 and its successors). Python's own
# `is_global` takes multicast and addresses that hold others, such as 6to4, for global.
NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # The host of a virtual machine in Azure.
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
# Of IPv6 only what is handed out (RFC 4291 2.4), without what holds an IPv4 address.
UNICAST = IPv6Network("2000::/3")
NOT_UNICAST = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an URL leads: ``host`` is a name, or an address in its one plain spelling."""

    url: str
    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, for each part of the answer and for all of it; bytes of the answer."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 20.0
    headers: int = 32 * 1024
    body: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an operator allows although it is not public: host names and networks."""

    names: frozenset[str]
    networks: tuple[Network, ...]

    @classmethod
    def read(cls, entries: Iterable[str]) -> "Allowed":
        """Read ``wiki``, ``10.1.2.3`` or ``10.1.0.0/16``. Raises ValueError."""
        names, networks = set(), []
        for entry in entries:
            text = entry.lower()
            if NAME.fullmatch(text) and not NUMBER.fullmatch(text.rpartition(".")[2]):
                names.add(text)
            else:
                networks.append(ip_network(text))
        return cls(frozenset(names), tuple(networks))

    def admits(self, host: str, address: str) -> bool:
        """Whether we may connect to ``address``, which is one of those that ``host`` stands for."""
        found = _address(address)
        if found is None:
            return False
        return host in self.names or is_public(found) or any(found in one for one in self.networks)


def nameserver_of(text: str) -> tuple[str, int]:
    """Read ``192.0.2.53``, ``192.0.2.53:5353``, ``2001:db8::1`` or ``[2001:db8::1]:53``.

    Raises ValueError.
    """
    place = PLACE.fullmatch(text)
    if place is None:
        return str(IPv6Address(text)), NAMESERVER_PORT
    port = int(place["port"] or NAMESERVER_PORT)
    if not 0 < port <= HIGHEST_PORT:
        raise ValueError(f"{port} is no port")
    return str(ip_address(place["ipv6"] or place["name"])), port


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is somebody's on the Internet, and nothing of ours."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC)
    return address in UNICAST and not any(address in network for network in NOT_UNICAST)


def target_of(url: str, schemes: Iterable[str] = ("https",)) -> Target:
    """Take an URL apart, if it has one meaning only. Raises ValueError, with what is wrong."""
    if len(url) > LONGEST_URL or not URL.fullmatch(url):
        raise ValueError(f"An address is plain ASCII of at most {LONGEST_URL} characters.")
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.netloc:
        raise ValueError(f"An address begins with {' or '.join(f'{s}://' for s in schemes)}.")
    if "@" in parts.netloc:
        raise ValueError("An address holds no user and no password.")
    if "#" in url:
        raise ValueError("An address that is called has no part behind a #.")
    place = PLACE.fullmatch(parts.netloc)
    if place is None:
        raise ValueError("An address names a host, and perhaps a port.")
    host = _host(place["ipv6"], place["name"] or "")
    return Target(url, parts.scheme, host, _port(place["port"], parts.scheme))


def schemes_for(url: str, allowed: Allowed) -> tuple[str, ...]:
    """https, and http on this very machine if the operator allows to call it: there nobody else
    listens.
    """
    try:
        host = target_of(url, ("http", "https")).host
    except ValueError:
        return ("https",)
    is_here = host in LOOPBACK and allowed.admits(host, LOOPBACK[host])
    return ("https", "http") if is_here else ("https",)


def _host(ipv6: str | None, name: str) -> str:
    """The host, if it is written as hosts are. Raises ValueError."""
    if ipv6 is not None:
        return str(IPv6Address(ipv6))
    host = name.lower()
    if len(host) > LONGEST_NAME or not NAME.fullmatch(host):
        raise ValueError("A host is a name such as hooks.example.com, without a dot at its end.")
    # What ends in a number is read as an IPv4 address by many, in forms that nobody expects.
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        return str(IPv4Address(host))
    return host


def _port(text: str | None, scheme: str) -> int:
    if text is None:
        return PORTS[scheme]
    port = int(text)
    if port not in PORTS.values() and not LOWEST_FREE_PORT <= port <= HIGHEST_PORT:
        raise ValueError(f"A port is 80, 443 or one from {LOWEST_FREE_PORT} to {HIGHEST_PORT}.")
    return port


def _address(text: str) -> IPv4Address | IPv6Address | None:
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None
