"""HTTP for the principals of an organization."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import requires
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window
from gatehouse.principals import queries, service
from gatehouse.principals.errors import PrincipalNameTaken
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import Counted
from gatehouse.principals.schemas import PrincipalChanges, PrincipalIn, PrincipalOut

api = Api(
    "principals",
    at="/organizations/<uuid:org_id>/principals",
    about="Unix logins that members may use, directly or through a department.",
)


@api.get()
@requires(PrincipalPermission.READ)
@query(Window)
@returns(PrincipalOut, key="principals", paged=True)
def list_principals(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[Counted]:
    """List the principals by name."""
    rows = queries.principals_of(org_id)
    return queries.page_of_principals(ctx, rows, page=page, per_page=per_page)


@api.post()
@requires(PrincipalPermission.MANAGE)
@body(PrincipalIn)
@returns(PrincipalOut, HTTPStatus.CREATED, key="principal")
@raises(PrincipalNameTaken)
def create_principal(ctx: Context, org_id: UUID, **fields: Any) -> Counted:
    """Create a principal. Only an owner makes one called root."""
    principal = service.create_principal(ctx, org_id, **fields)
    return Counted(principal, direct_member_count=0, department_count=0)


@api.get("/<uuid:principal_id>")
@requires(PrincipalPermission.READ)
@returns(PrincipalOut, key="principal")
def read_principal(ctx: Context, org_id: UUID, principal_id: UUID) -> Counted:
    """Read a principal."""
    return queries.read_principal(ctx, org_id, principal_id)


@api.patch("/<uuid:principal_id>")
@requires(PrincipalPermission.MANAGE)
@body(PrincipalChanges, partial=True)
@returns(PrincipalOut, key="principal")
@raises(PrincipalNameTaken)
def change_principal(ctx: Context, org_id: UUID, principal_id: UUID, **changes: Any) -> Counted:
    """Change the name or the description; what you do not send stays."""
    service.change_principal(ctx, org_id, principal_id, **changes)
    return queries.read_principal(ctx, org_id, principal_id)


@api.delete("/<uuid:principal_id>")
@requires(PrincipalPermission.MANAGE)
@returns(None)
def delete_principal(ctx: Context, org_id: UUID, principal_id: UUID) -> None:
    """Delete a principal. Nobody may use it from then on."""
    service.delete_principal(ctx, org_id, principal_id)
