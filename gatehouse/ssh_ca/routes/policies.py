"""HTTP for what departments and organizations demand of certificates."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, requires
from gatehouse.core.context import Context
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.ssh_ca import queries, service
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.schemas import (
    CertPolicyChanges,
    CertPolicyOut,
    OrganizationCertPolicyChanges,
    OrganizationCertPolicyOut,
)

api = Api(
    "ssh_department_policies",
    at="/organizations/<uuid:org_id>/departments/<uuid:department_id>/cert-policy",
    about="What a department demands of SSH certificates.",
)
of_organization = Api(
    "ssh_organization_policies",
    at="/organizations/<uuid:org_id>/ssh/policy",
    about="What an organization demands of all SSH certificates.",
)


@api.get()
@requires(AuthorityPermissions.READ)
@returns(CertPolicyOut, key="cert_policy")
def read_cert_policy(ctx: Context, org_id: UUID, department_id: UUID) -> dict[str, Any]:
    """Read what a department demands of certificates with a principal that it gives."""
    return queries.policy_told(queries.policy_of_department(ctx, org_id, department_id))


@api.put()
@requires(AuthorityPermissions.MANAGE)
@elevated
@body(CertPolicyChanges)
@returns(CertPolicyOut, key="cert_policy")
@raises(StepUpRequired)
def change_cert_policy(
    ctx: Context, org_id: UUID, department_id: UUID, **changes: Any
) -> dict[str, Any]:
    """Change it; what you do not send stays."""
    policy = service.change_department_policy(ctx, org_id, department_id, **changes)
    return queries.policy_told(policy)


@of_organization.get()
@requires(AuthorityPermissions.READ)
@returns(OrganizationCertPolicyOut, key="policy")
def read_organization_policy(ctx: Context, org_id: UUID) -> dict[str, Any]:
    """Read what an organization demands of all certificates."""
    return asdict(queries.policy_of_organization(ctx, org_id))


@of_organization.put()
@requires(AuthorityPermissions.MANAGE)
@elevated
@body(OrganizationCertPolicyChanges)
@returns(OrganizationCertPolicyOut, key="policy")
@raises(StepUpRequired)
def change_organization_policy(ctx: Context, org_id: UUID, **changes: Any) -> dict[str, Any]:
    """Change it; what you do not send stays."""
    return asdict(service.change_organization_policy(ctx, org_id, **changes))
