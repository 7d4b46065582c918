"""Certificate authorities and what is demanded of certificates, as they travel over HTTP."""

from gatehouse.ssh_ca.schemas.authorities import (
    AuthorityChanges,
    AuthorityCompromiseIn,
    AuthorityDeletionIn,
    AuthorityGoneOut,
    AuthorityIn,
    AuthorityKeyOut,
    AuthorityOut,
    AuthorityPermissionIn,
    AuthorityPermissionOut,
    AuthorityPermissionsOut,
    AuthorityQuery,
    AuthorityRetirementIn,
    AuthorityRotatedOut,
    AuthorityRotationIn,
    TrustedKeyOut,
    TrustedOut,
)
from gatehouse.ssh_ca.schemas.policies import (
    CertPolicyChanges,
    CertPolicyOut,
    OrganizationCertPolicyChanges,
    OrganizationCertPolicyOut,
)

__all__ = [
    "AuthorityChanges",
    "AuthorityCompromiseIn",
    "AuthorityDeletionIn",
    "AuthorityGoneOut",
    "AuthorityIn",
    "AuthorityKeyOut",
    "AuthorityOut",
    "AuthorityPermissionIn",
    "AuthorityPermissionOut",
    "AuthorityPermissionsOut",
    "AuthorityQuery",
    "AuthorityRetirementIn",
    "AuthorityRotatedOut",
    "AuthorityRotationIn",
    "CertPolicyChanges",
    "CertPolicyOut",
    "OrganizationCertPolicyChanges",
    "OrganizationCertPolicyOut",
    "TrustedKeyOut",
    "TrustedOut",
]
