"""HTTP for members who want to know which keys their machines believe."""

from typing import Any
from uuid import UUID

from gatehouse.core.access import check_permission, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import OF_AN_ORGANIZATION
from gatehouse.core.http import Api, query, raises, returns
from gatehouse.ssh_ca import queries
from gatehouse.ssh_ca.errors import AuthorityNotConfigured, OrganizationRequired
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.schemas import AuthorityQuery, TrustedOut

api = Api("ssh_trust", at="/ssh/ca", about="Which keys an organization's machines believe.")


@api.get("/public-key")
@signed_in
@query(AuthorityQuery, strict=True)
@returns(TrustedOut)
@raises(AuthorityNotConfigured, OrganizationRequired, *OF_AN_ORGANIZATION)
def read_trusted_keys(
    ctx: Context, *, kind: AuthorityKind, organization_id: UUID | None
) -> dict[str, Any]:
    """Read which keys machines believe: the one that signs, and all that they have to know."""
    org_id = organization_id or queries.only_organization(ctx)
    check_permission(ctx, org_id, AuthorityPermissions.USE)
    return queries.trust_told(ctx, org_id, kind)
