"""Who may do what with an organization's hosts."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class HostPermission(StrEnum):
    READ = "ssh_hosts:read"
    MANAGE = "ssh_hosts:manage"


GRANTS = (
    Grant(Role.OWNER, frozenset(HostPermission)),
    Grant(Role.ADMIN, frozenset(HostPermission)),
)
