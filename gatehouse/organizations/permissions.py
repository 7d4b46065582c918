"""Who may do what in an organization."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class OrganizationPermission(StrEnum):
    READ = "organization:read"
    CHANGE = "organization:change"
    DELETE = "organization:delete"
    LEAVE = "organization:leave"
    TRANSFER = "organization:transfer"
    READ_MEMBERS = "members:read"
    READ_ADDRESSES = "members:read_addresses"
    MANAGE_MEMBERS = "members:manage"


_ANYONE = frozenset(
    {
        OrganizationPermission.READ,
        OrganizationPermission.READ_MEMBERS,
        OrganizationPermission.LEAVE,
    }
)
_OWNERS_ONLY = frozenset({OrganizationPermission.DELETE, OrganizationPermission.TRANSFER})

GRANTS = (
    Grant(Role.OWNER, frozenset(OrganizationPermission)),
    Grant(Role.ADMIN, frozenset(OrganizationPermission) - _OWNERS_ONLY),
    Grant(Role.MEMBER, _ANYONE),
    Grant(Role.GUEST, _ANYONE),
)
