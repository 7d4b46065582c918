"""Who may do what with an organization's policy."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class PolicyPermission(StrEnum):
    READ = "policy:read"
    READ_COMPLIANCE = "policy:read_compliance"
    MANAGE = "policy:manage"


_ANYONE = frozenset({PolicyPermission.READ})

GRANTS = (
    Grant(Role.OWNER, frozenset(PolicyPermission)),
    Grant(Role.ADMIN, frozenset(PolicyPermission)),
    Grant(Role.MEMBER, _ANYONE),
    Grant(Role.GUEST, _ANYONE),
)
