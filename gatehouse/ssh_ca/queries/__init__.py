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
    shown,
    ssh_permissions,
    text_of,
    trusted_keys,
)
from gatehouse.ssh_ca.queries.permissions import (
    check_authority,
    looks_after,
    only_organization,
    organization_of,
    permission_told,
    permissions_told,
    trust_told,
)
from gatehouse.ssh_ca.queries.policies import (
    as_organization_policy,
    as_policy,
    policy_of_department,
    policy_of_organization,
    policy_told,
)

__all__ = [
    "Shown",
    "as_organization_policy",
    "as_policy",
    "as_told",
    "authorities_of",
    "check_authority",
    "find_authority",
    "get_authority",
    "get_key",
    "key_as_told",
    "keys_of",
    "looks_after",
    "only_organization",
    "organization_of",
    "permission_told",
    "permissions_told",
    "policy_of_department",
    "policy_of_organization",
    "policy_told",
    "shown",
    "ssh_permissions",
    "text_of",
    "trust_told",
    "trusted_keys",
]
