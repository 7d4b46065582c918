"""Locking members out, and letting them in again."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.locks.errors import AlreadyLocked, NotLocked
from gatehouse.locks.events import MemberLocked, MemberUnlocked
from gatehouse.locks.models import UserLock
from gatehouse.organizations.service import hold_other_member
from gatehouse.sessions.service import end_sessions


def lock(ctx: Context, org_id: UUID, user_id: UUID, *, reason: str | None) -> UserLock:
    """Lock a member out. What they have here ends within this act, and all of their sessions: one
    of them may be in other hands.

    Raises NotOnYourself, MemberNotFound, RankTooLow, AlreadyLocked.
    """
    member = hold_other_member(ctx, org_id, user_id)
    row = UserLock(
        org_id=org_id,
        user_id=member.user_id,
        locked_by=ctx.actor.user_id,
        reason=reason,
        created_at=ctx.now,
    )
    ctx.db.add(row)
    try:
        ctx.db.flush()
    except IntegrityError:
        raise AlreadyLocked from None
    end_sessions(ctx, member.user_id, reason="locked")
    record(ctx, MemberLocked(org_id=org_id, user_id=member.user_id, reason=reason))
    return row


def unlock(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    """Let a member in again. Nothing that ended comes back.

    Raises NotOnYourself, MemberNotFound, RankTooLow, NotLocked.
    """
    member = hold_other_member(ctx, org_id, user_id)
    own = UserLock.org_id == org_id, UserLock.user_id == member.user_id
    if not ctx.execute(delete(UserLock).where(*own)):
        raise NotLocked
    record(ctx, MemberUnlocked(org_id=org_id, user_id=member.user_id))
