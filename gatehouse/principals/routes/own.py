"""HTTP for what one may use oneself."""

from typing import Any

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.http import Api, query, returns
from gatehouse.core.pagination import Page, Window
from gatehouse.principals import queries
from gatehouse.principals.schemas import OwnMembershipOut, OwnPrincipalsOut

api = Api("own principals", at="/users/me", about="What you may use, and why.")


@api.get("/principals")
@signed_in
@query(Window)
@returns(OwnPrincipalsOut, key="orgs", paged=True)
def list_own_principals(ctx: Context, *, page: int, per_page: int) -> Page[dict[str, Any]]:
    """List the principals you may use, by organization.

    Where you are an admin, all_principals names what there is, the first 200 by name.
    """
    return queries.page_of_own_principals(ctx, ctx.user_id, page=page, per_page=per_page)


@api.get("/memberships")
@signed_in
@query(Window)
@returns(OwnMembershipOut, key="orgs", paged=True)
def list_own_memberships(ctx: Context, *, page: int, per_page: int) -> Page[dict[str, Any]]:
    """List your organizations with the departments you are in and the principals you may use."""
    return queries.page_of_memberships(ctx, ctx.user_id, page=page, per_page=per_page)
