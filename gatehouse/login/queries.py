"""Reading who one is and where one belongs."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.accounts.queries import own_account
from gatehouse.core.context import Context
from gatehouse.login.models import PendingLogin
from gatehouse.organizations.queries import active_places_of


def read_me(ctx: Context) -> dict[str, Any]:
    """The caller's account, and the organizations in which the caller is active."""
    return {
        "user": own_account(ctx),
        "organizations": active_places_of(ctx, ctx.user_id),
    }


def needs_organization(ctx: Context, user_id: Any) -> bool:
    return not active_places_of(ctx, user_id)


def pending_logins(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of sign-ins that wait for a second factor."""
    statement = select(PendingLogin.created_at, PendingLogin.expires_at, PendingLogin.amr)
    own = statement.where(PendingLogin.user_id == user_id).order_by(PendingLogin.id)
    return [row._asdict() for row in ctx.db.execute(own)]
