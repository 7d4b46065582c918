"""Reading certificate authorities."""

from gatehouse.ssh_ca.queries.authorities import (
    Shown,
    as_told,
    authorities_of,
    find_authority,
    get_authority,
    get_key,
    key_as_told,
    keys_of,
    permissions_of,
    shown,
    ssh_permissions,
    text_of,
    trusted_keys,
)

__all__ = [
    "Shown",
    "as_told",
    "authorities_of",
    "find_authority",
    "get_authority",
    "get_key",
    "key_as_told",
    "keys_of",
    "permissions_of",
    "shown",
    "ssh_permissions",
    "text_of",
    "trusted_keys",
]
