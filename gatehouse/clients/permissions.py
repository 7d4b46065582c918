"""Who may do what with an organization's clients."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class ClientPermission(StrEnum):
    READ = "clients:read"
    MANAGE = "clients:manage"
    OPEN_TO_ALL = "clients:open_to_all"


GRANTS = (
    Grant(Role.OWNER, frozenset(ClientPermission)),
    Grant(Role.ADMIN, frozenset({ClientPermission.READ, ClientPermission.MANAGE})),
)
