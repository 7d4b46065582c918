"""Reading hosts."""

from gatehouse.ssh_hosts.queries.hosts import (
    Shown,
    get_host,
    hold_host,
    host_told,
    hosts_of,
    names_of,
    others_with,
    page_of_hosts,
    read_host,
    token_of,
)

__all__ = [
    "Shown",
    "get_host",
    "hold_host",
    "host_told",
    "hosts_of",
    "names_of",
    "others_with",
    "page_of_hosts",
    "read_host",
    "token_of",
]
