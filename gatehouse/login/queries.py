"""Reading who one is and where one belongs."""

from typing import Any

from gatehouse.accounts.queries import own_account
from gatehouse.core.context import Context
from gatehouse.organizations.queries import active_places_of


def read_me(ctx: Context) -> dict[str, Any]:
    """The caller's account, and the organizations in which the caller is active."""
    return {
        "user": own_account(ctx),
        "organizations": active_places_of(ctx, ctx.user_id),
    }


def needs_organization(ctx: Context, user_id: Any) -> bool:
    return not active_places_of(ctx, user_id)
