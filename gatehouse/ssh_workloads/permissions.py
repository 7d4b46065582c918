"""Who may do what with an organization's rules for workloads. Jobs need no permission."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class WorkloadPermission(StrEnum):
    READ = "ssh_workloads:read"
    MANAGE = "ssh_workloads:manage"


GRANTS = (
    Grant(Role.OWNER, frozenset(WorkloadPermission)),
    Grant(Role.ADMIN, frozenset(WorkloadPermission)),
)
