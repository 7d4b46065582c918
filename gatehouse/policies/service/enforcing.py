"""Suspending and reminding those who miss something, once each."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, tuple_, update
from uuid_utils.compat import uuid7

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.db import insert_into
from gatehouse.core.errors import TooManyRequests
from gatehouse.organizations.queries import get_active_member
from gatehouse.policies import queries
from gatehouse.policies.errors import NothingMissing
from gatehouse.policies.events import MemberReminded, MemberSuspendedByPolicy, ReminderSent
from gatehouse.policies.models import Compliance
from gatehouse.policies.queries import COMPLIANCES

BATCH = 250
HOUR = timedelta(hours=1)


def suspend_overdue(ctx: Context) -> int:
    """Suspend a batch of those whose grace is over. Returns how many."""
    found = ctx.db.execute(queries.past_due(ctx).limit(BATCH)).all()
    ours = [each for each in found if _note(ctx, each, "suspended_at", unless_since=each.since)]
    for each in ours:
        record(ctx, MemberSuspendedByPolicy(org_id=each.org_id, user_id=each.user_id))
    return len(ours)


def remind_of_deadlines(ctx: Context) -> int:
    """Remind a batch of those whose grace ends soon, each once a day. Returns how many."""
    found = ctx.db.execute(queries.to_be_reminded(ctx).limit(BATCH)).all()
    today = ctx.now - queries.DAY
    ours = [each for each in found if _note(ctx, each, "last_notified_at", unless_since=today)]
    for each in ours:
        record(ctx, MemberReminded(org_id=each.org_id, user_id=each.user_id))
    return len(ours)


def forget_old_suspensions(ctx: Context) -> int:
    """Forget those of members who have what was missing: if it is taken from them again, they are
    suspended, and told, anew. Returns how many there were.
    """
    over = ctx.db.execute(queries.suspended_but_compliant(ctx).limit(BATCH)).all()
    here = tuple_(COMPLIANCES.c.org_id, COMPLIANCES.c.user_id).in_([tuple(each) for each in over])
    return ctx.execute(update(COMPLIANCES).where(here).values(suspended_at=None)) if over else 0


def remind(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    """Remind a member of what they miss, once an hour.

    Raises ActiveMemberNotFound, NothingMissing, TooManyRequests.
    """
    get_active_member(ctx, org_id, email=None, user_id=user_id)
    standing = queries.find_standing(ctx, org_id, user_id)
    if standing is None or not standing.verdict.missing:
        raise NothingMissing
    if not _note(ctx, standing, "last_reminded_at", unless_since=ctx.now - HOUR):
        raise TooManyRequests(retry_after=_seconds_left(ctx, org_id, user_id))
    record(ctx, ReminderSent(org_id=org_id, user_id=user_id))


def _note(ctx: Context, whom: Any, what: str, *, unless_since: datetime) -> bool:
    """Write down that ``what`` was done now, unless it was since then already: of many who do it at
    once, one hears that it is theirs to do.
    """
    done = COMPLIANCES.c[what]
    new = {"id": uuid7(), "org_id": whom.org_id, "user_id": whom.user_id, "created_at": ctx.now}
    row = insert_into(COMPLIANCES, ctx.db.get_bind().dialect).values({**new, what: ctx.now})
    noted = row.on_conflict_do_update(
        index_elements=["org_id", "user_id"],
        set_={what: ctx.now},
        where=or_(done.is_(None), done < unless_since),
    )
    return ctx.db.execute(noted.returning(COMPLIANCES.c.id)).first() is not None


def _seconds_left(ctx: Context, org_id: UUID, user_id: UUID) -> int:
    here = Compliance.org_id == org_id, Compliance.user_id == user_id
    last = ctx.db.scalar(select(Compliance.last_reminded_at).where(*here))
    left = (last or ctx.now) + HOUR - ctx.now
    return max(1, int(left.total_seconds()) + 1)
