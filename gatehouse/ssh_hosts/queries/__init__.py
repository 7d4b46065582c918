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
)
from gatehouse.ssh_hosts.queries.known import (
    find_by_credential,
    find_token,
    keys_known,
    keys_of,
    still_manages,
    who_proved,
)
from gatehouse.ssh_hosts.queries.told import (
    challenge_told,
    enrolled_told,
    renewed_told,
    script_told,
    snippet_told,
    sync_told,
)
from gatehouse.ssh_hosts.queries.trust import Trust, reach_of, trust_of

__all__ = [
    "Shown",
    "Trust",
    "challenge_told",
    "enrolled_told",
    "find_by_credential",
    "find_token",
    "get_host",
    "hold_host",
    "host_told",
    "hosts_of",
    "keys_known",
    "keys_of",
    "names_of",
    "others_with",
    "page_of_hosts",
    "reach_of",
    "read_host",
    "renewed_told",
    "script_told",
    "snippet_told",
    "still_manages",
    "sync_told",
    "trust_of",
    "who_proved",
]
