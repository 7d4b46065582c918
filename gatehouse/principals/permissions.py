"""Who may do what with principals. Guests have no part in them."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class PrincipalPermission(StrEnum):
    READ = "principals:read"
    USE = "principals:use"
    MANAGE = "principals:manage"
    MAKE_ROOT = "principals:make_root"


_MEMBERS = frozenset({PrincipalPermission.READ, PrincipalPermission.USE})

GRANTS = (
    Grant(Role.OWNER, frozenset(PrincipalPermission)),
    Grant(Role.ADMIN, _MEMBERS | {PrincipalPermission.MANAGE}),
    Grant(Role.MEMBER, _MEMBERS),
)
