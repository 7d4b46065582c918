"""Who may do what with an organization's certificates. One's own need no permission."""

from enum import StrEnum

from gatehouse.core.domain import Grant
from gatehouse.core.roles import Role


class CertificatePermission(StrEnum):
    READ = "ssh_certificates:read"
    REVOKE = "ssh_certificates:revoke"


GRANTS = (
    Grant(Role.OWNER, frozenset(CertificatePermission)),
    Grant(Role.ADMIN, frozenset(CertificatePermission)),
)
