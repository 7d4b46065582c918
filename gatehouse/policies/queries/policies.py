"""Reading what organizations demand, of everybody and of single members."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from gatehouse.core.context import Context
from gatehouse.organizations.models import Organization
from gatehouse.policies.models import Compliance, OrganizationPolicy, PersonalPolicy
from gatehouse.policies.queries.facts import MEMBERS, facts, imagined, judged
from gatehouse.policies.queries.standings import USERS
from gatehouse.policies.rules import GRACE_DAYS, NOTIFY_DAYS, SHUT_OUT, Mode, Override, Status

MOST_NAMED = 100
IDLE = (Mode.DISABLED, Mode.OPTIONAL)


def policy_of(ctx: Context, org_id: UUID) -> OrganizationPolicy:
    """The policy, or a new row that says what holds where nobody has said anything."""
    found: OrganizationPolicy | None = ctx.db.scalar(
        select(OrganizationPolicy).where(OrganizationPolicy.org_id == org_id)
    )
    return found or OrganizationPolicy(
        org_id=org_id,
        mode=Mode.OPTIONAL,
        grace_days=GRACE_DAYS,
        notify_days=NOTIFY_DAYS,
        version=0,
        allowed_aaguids=[],
        created_at=ctx.now,
    )


def demands_anything(org_id: Any) -> ColumnElement[bool]:
    """Whether an organization demands anything of anybody, as a part of other statements. Who keeps
    the answer is told by ``ctx.outwait_leases`` that it is another.
    """
    policy = exists().where(
        OrganizationPolicy.org_id == org_id, OrganizationPolicy.mode.not_in(IDLE)
    )
    return or_(policy, exists().where(PersonalPolicy.org_id == org_id))


def override_of(ctx: Context, org_id: UUID, user_id: UUID) -> PersonalPolicy:
    """What differs for a member, or a new row that says that nothing does."""
    found: PersonalPolicy | None = ctx.db.scalar(
        select(PersonalPolicy).where(
            PersonalPolicy.org_id == org_id, PersonalPolicy.user_id == user_id
        )
    )
    return found or PersonalPolicy(
        org_id=org_id,
        user_id=user_id,
        override=Override.INHERIT,
        force_totp=False,
        force_webauthn=False,
        created_at=ctx.now,
    )


def preview(ctx: Context, org_id: UUID, policy: Mapping[str, Any]) -> dict[str, Any]:
    """How all would stand at once under a policy with these values, and who would be shut out that
    is not. Three statements, however many members there are.
    """
    now = judged(facts().where(MEMBERS.c.org_id == org_id), ctx.now, "now")
    then = judged(imagined(now, policy), ctx.now, "then")
    is_out = and_(then.c.status.in_(SHUT_OUT), then.c.was.not_in(SHUT_OUT))
    is_due = and_(then.c.status == Status.IN_GRACE, then.c.was != Status.IN_GRACE)
    by_status = select(then.c.status, func.count()).group_by(then.c.status)
    counts: dict[str, int] = {row[0]: row[1] for row in ctx.db.execute(by_status)}
    told = ctx.db.execute(
        select(
            func.count().filter(is_out).label("out"),
            func.count().filter(is_due).label("due"),
            func.min(then.c.deadline).filter(is_due).label("deadline"),
        ).select_from(then)
    ).one()
    people = (
        select(USERS.c.id.label("user_id"), USERS.c.email, USERS.c.full_name.label("name"))
        .join_from(then, USERS, USERS.c.id == then.c.user_id)
        .where(is_out)
        .order_by(then.c.member_id)
        .limit(MOST_NAMED)
    )
    return {
        "statuses": {status.value: counts.get(status.value, 0) for status in Status},
        "shut_out_count": told.out,
        "shut_out": ctx.db.execute(people).all(),
        "will_be_due": told.due,
        "deadline_at": told.deadline,
    }


def policies(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of what is demanded of a person alone, and was done about it."""
    found: dict[UUID, dict[str, Any]] = {}
    told: dict[Any, tuple[str, ...]] = {
        PersonalPolicy: ("override", "force_totp", "force_webauthn", "since"),
        Compliance: ("suspended_at", "last_notified_at", "last_reminded_at"),
    }
    for kind, names in told.items():
        rows = select(kind, Organization.name).join(Organization, Organization.id == kind.org_id)
        for row, name in ctx.db.execute(rows.where(kind.user_id == user_id)):
            place = found.setdefault(row.org_id, {"organization": name})
            place |= {each: getattr(row, each) for each in names}
    return list(found.values())
