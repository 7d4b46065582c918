"""Who may do what with an organization's domains."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class DomainPermission(StrEnum):
    READ = "domains:read"
    MANAGE = "domains:manage"


GRANTS = tuple(Grant(role, frozenset(DomainPermission)) for role in (Role.OWNER, Role.ADMIN))
