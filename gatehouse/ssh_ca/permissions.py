"""Who may do what with an organization's certificate authorities."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class AuthorityPermissions(StrEnum):
    USE = "ssh_authorities:use"
    USE_FOR_HOSTS = "ssh_authorities:use_for_hosts"
    READ = "ssh_authorities:read"
    MANAGE = "ssh_authorities:manage"
    MANAGE_KEYS = "ssh_authorities:manage_keys"


_OWNERS_ONLY = frozenset({AuthorityPermissions.MANAGE_KEYS})

GRANTS = (
    Grant(Role.OWNER, frozenset(AuthorityPermissions)),
    Grant(Role.ADMIN, frozenset(AuthorityPermissions) - _OWNERS_ONLY),
    Grant(Role.MEMBER, frozenset({AuthorityPermissions.USE})),
)
