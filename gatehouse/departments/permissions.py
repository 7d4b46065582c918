"""Who may do what with departments. Guests have no part in them."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class DepartmentPermission(StrEnum):
    READ = "departments:read"
    MANAGE = "departments:manage"


GRANTS = (
    Grant(Role.OWNER, frozenset(DepartmentPermission)),
    Grant(Role.ADMIN, frozenset(DepartmentPermission)),
    Grant(Role.MEMBER, frozenset({DepartmentPermission.READ})),
)
