"""Who may read the record of an organization."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class AuditPermission(StrEnum):
    READ = "audit:read"
    EXPORT = "audit:export"


GRANTS = (
    Grant(Role.OWNER, frozenset(AuditPermission)),
    Grant(Role.ADMIN, frozenset(AuditPermission)),
)
