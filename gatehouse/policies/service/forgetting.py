"""What becomes of the rows about somebody who goes."""

from uuid import UUID

from sqlalchemy import delete

from gatehouse.core.context import Context
from gatehouse.policies.models import Compliance, PersonalPolicy


def forget_member(ctx: Context, user_id: UUID, org_id: UUID | None = None) -> None:
    """In one organization, or in all. Being added again brings nothing of it back."""
    for kind in (PersonalPolicy, Compliance):
        theirs = delete(kind).where(kind.user_id == user_id)
        ctx.execute(theirs.where(kind.org_id == org_id) if org_id else theirs)
