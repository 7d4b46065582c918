"""Networks as sshd reads them in the option ``source-address``. Pure."""

import re
from collections.abc import Iterable
from ipaddress import (
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

from gatehouse.core.addresses import Network
from gatehouse.ssh_ca.rules.refusals import Reason, Refused

Networks = tuple[Network, ...]

MOST = 64  # in one certificate
# No masks, which sshd does not know, and no zones of IPv6: anything may stand in one, also a comma.
NETWORK = re.compile(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?")
# sshd sees the addresses in here as those of IPv4, so that nobody ever comes from them.
MAPPED = IPv6Network("::ffff:0:0/96")


def read_network(text: str) -> Network:
    """Read ``192.0.2.7``, ``192.0.2.0/24`` or ``2001:db8::/32``.

    Raises Refused with INVALID_SOURCE_ADDRESS, also for bits behind the prefix: sshd refuses
    everybody who comes with ``192.0.2.7/24``.
    """
    network = find_network(text)
    if network is None:
        raise Refused(Reason.INVALID_SOURCE_ADDRESS, invalid=[text])
    return network


def find_network(text: str) -> Network | None:
    """As `read_network`, or None."""
    if not NETWORK.fullmatch(text):
        return None
    try:
        network = ip_network(text, strict=True)
    except ValueError:
        return None
    return None if network.version == MAPPED.version and network.subnet_of(MAPPED) else network


def own_network(address: str | None) -> Network | None:
    """The network in which nothing is but this address, or None if it is none."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return None
    plain = (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return find_network(str(plain))


def in_order(networks: Iterable[Network]) -> Networks:
    """The same addresses in as few networks as there can be, and always in one order."""
    found = set(networks)
    fours = collapse_addresses(one for one in found if isinstance(one, IPv4Network))
    sixes = collapse_addresses(one for one in found if isinstance(one, IPv6Network))
    return (*fours, *sixes)


def lies_in(network: Network, others: Iterable[Network]) -> bool:
    """Whether one of the others holds all of it. They are as `in_order` gives them."""
    return any(_holds(other, network) for other in others)


def common(first: Iterable[Network], second: Iterable[Network]) -> Networks:
    """The addresses that are in both."""
    second = tuple(second)
    pairs = [(one, other) for one in first for other in second]
    inner = [one for one, other in pairs if _holds(other, one)]
    return in_order((*inner, *(other for one, other in pairs if _holds(one, other))))


def _holds(outer: Network, inner: Network) -> bool:
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)
