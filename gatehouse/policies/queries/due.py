"""Who is to be suspended, reminded or mailed: found by the database, over all organizations."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, literal, or_, select

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.context import Context
from gatehouse.core.db import TZDateTime
from gatehouse.policies.queries.facts import (
    COMPLIANCES,
    MEMBERS,
    PERSONAL,
    POLICIES,
    DaysAfter,
    facts,
    judged,
)
from gatehouse.policies.queries.standings import ORGANIZATIONS, USERS
from gatehouse.policies.rules import Status

DAY = timedelta(days=1)


def past_due(ctx: Context) -> Select[Any]:
    """Who is past due and not suspended yet."""
    found = _judged(ctx)
    return _of_active(found, found.c.status == Status.PAST_DUE)


def to_be_reminded(ctx: Context) -> Select[Any]:
    """Whose grace ends soon, as the policy says, and who was not told within a day."""
    found = _judged(ctx)
    is_soon = found.c.deadline <= DaysAfter(literal(ctx.now, TZDateTime), found.c.notify_days)
    told = found.c.last_notified_at
    is_news = or_(told.is_(None), told < ctx.now - DAY)
    return _of_active(found, and_(found.c.status == Status.IN_GRACE, is_soon, is_news))


def suspended_but_compliant(ctx: Context) -> Select[Any]:
    """Whose suspension counts for nothing any more: they have what was missing."""
    rows = facts().where(COMPLIANCES.c.suspended_at.is_not(None))
    found = judged(rows, ctx.now)
    return select(found.c.org_id, found.c.user_id).where(found.c.status == Status.COMPLIANT)


def mailed(org_id: UUID, user_id: UUID) -> Select[Any]:
    """An active member, how they stand and where they are mailed; for a glance."""
    return (
        facts()
        .add_columns(ORGANIZATIONS.c.name, USERS.c.email, USERS.c.email_key, USERS.c.email_verified)
        .join(ORGANIZATIONS, ORGANIZATIONS.c.id == MEMBERS.c.org_id)
        .join(USERS, USERS.c.id == MEMBERS.c.user_id)
        .where(
            MEMBERS.c.org_id == org_id,
            MEMBERS.c.user_id == user_id,
            MEMBERS.c.suspended_at.is_(None),
            ORGANIZATIONS.c.deleted_at.is_(None),
            *_is_active(),
        )
    )


def _judged(ctx: Context) -> FromClause:
    """Everybody of whom something may be demanded, but those who are barred anyway."""
    is_told = or_(POLICIES.c.org_id.is_not(None), PERSONAL.c.org_id.is_not(None))
    return judged(facts().where(is_told, MEMBERS.c.suspended_at.is_(None)), ctx.now)


def _of_active(found: FromClause, which: ColumnElement[bool]) -> Select[Any]:
    """Account and organization are looked up for each that is found: of a join with them
    PostgreSQL thinks, until it knows many new rows, that it begins with few.
    """
    account = select(USERS.c.id).where(USERS.c.id == found.c.user_id, *_is_active())
    organization = select(ORGANIZATIONS.c.id).where(
        ORGANIZATIONS.c.id == found.c.org_id, ORGANIZATIONS.c.deleted_at.is_(None)
    )
    are_there = (each.scalar_subquery().is_not(None) for each in (account, organization))
    return (
        select(found.c.org_id, found.c.user_id, found.c.since)
        .where(which, *are_there)
        .order_by(found.c.member_id)
    )


def _is_active() -> tuple[ColumnElement[bool], ...]:
    return USERS.c.status == AccountStatus.ACTIVE, USERS.c.deleted_at.is_(None)
