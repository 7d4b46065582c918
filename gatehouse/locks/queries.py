"""Reading locks. Bound to one organization or one person."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.core.context import Context
from gatehouse.locks.errors import UserLocked
from gatehouse.locks.models import UserLock
from gatehouse.organizations.models import Organization


def find_lock(ctx: Context, org_id: UUID, user_id: UUID) -> UserLock | None:
    found: UserLock | None = ctx.db.scalar(
        select(UserLock).where(UserLock.org_id == org_id, UserLock.user_id == user_id)
    )
    return found


def refuse_locked(ctx: Context, org_id: UUID) -> None:
    """Whoever is locked out gets no certificate by another way, either. Raises UserLocked."""
    if find_lock(ctx, org_id, ctx.user_id) is not None:
        raise UserLocked


def locks(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of them."""
    rows = ctx.db.execute(
        select(Organization.name, UserLock.created_at, UserLock.reason)
        .join(Organization, Organization.id == UserLock.org_id)
        .where(UserLock.user_id == user_id)
        .order_by(UserLock.id)
    )
    return [{"organization": name, "locked_at": at, "reason": reason} for name, at, reason in rows]
