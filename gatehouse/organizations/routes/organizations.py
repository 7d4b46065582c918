"""HTTP for organizations."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window
from gatehouse.organizations import queries, service
from gatehouse.organizations.errors import OrganizationHasMembers, SlugTaken
from gatehouse.organizations.models import Organization
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.schemas import (
    OrganizationChanges,
    OrganizationIn,
    OrganizationOut,
    OrganizationWithCountOut,
    PlaceOut,
)

api = Api("organizations", at="/organizations", about="Tenants: who owns what.")
own = Api("own organizations", at="/users/me/organizations", about="Where you are a member.")


@api.post()
@signed_in
@body(OrganizationIn)
@returns(OrganizationOut, HTTPStatus.CREATED, key="organization")
@raises(SlugTaken)
def create_organization(ctx: Context, **fields: Any) -> Organization:
    """Create an organization; you become its owner. Without a slug one is made of the name."""
    return service.create_organization(ctx, **fields)


@api.get("/<uuid:org_id>")
@requires(OrganizationPermission.READ)
@returns(OrganizationWithCountOut)
def read_organization(ctx: Context, org_id: UUID) -> dict[str, Any]:
    """Read an organization that you are a member of."""
    organization = queries.get_organization(ctx, org_id)
    return {"organization": organization, "member_count": queries.count_members(ctx, org_id)}


@api.patch("/<uuid:org_id>")
@requires(OrganizationPermission.CHANGE)
@body(OrganizationChanges, partial=True)
@returns(OrganizationOut, key="organization")
def change_organization(ctx: Context, org_id: UUID, **changes: Any) -> Organization:
    """Change the name, the description or the logo; what you do not send stays."""
    return service.change_organization(ctx, org_id, **changes)


@api.delete("/<uuid:org_id>")
@requires(OrganizationPermission.DELETE)
@elevated
@returns(None)
@raises(OrganizationHasMembers)
def delete_organization(ctx: Context, org_id: UUID) -> None:
    """Delete an organization that nobody else is in. Needs a sign-in within 10 minutes."""
    service.delete_organization(ctx, org_id)


@own.get()
@signed_in
@query(Window)
@returns(PlaceOut, key="organizations", paged=True)
def list_own_organizations(ctx: Context, *, page: int, per_page: int) -> Page[dict[str, Any]]:
    """List the organizations you are in, with your role in each."""
    return queries.page_of_places(ctx, ctx.user_id, page=page, per_page=per_page)
