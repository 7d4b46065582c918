"""How people stand to what organizations demand, read in one statement each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from gatehouse.accounts.models import User
from gatehouse.core.context import Context
from gatehouse.core.db import Model
from gatehouse.core.pagination import Page, paginate_rows
from gatehouse.core.prepared import Prepared
from gatehouse.organizations.models import Organization
from gatehouse.policies.queries.facts import MEMBERS, facts, judged, visiting
from gatehouse.policies.rules import (
    Factors,
    Facts,
    Needs,
    Personal,
    Policy,
    Status,
    Verdict,
    all_missing,
    demanded,
    judge,
    met_at,
    missing_of,
    overall,
)
from gatehouse.sessions.models import Session

ORGANIZATIONS, USERS = (Model.metadata.tables[kind.__tablename__] for kind in (Organization, User))
# What the gate asks at nearly every request to an organization: to make a statement takes longer
# than to run it.
OF_MEMBER = Prepared(
    facts().where(MEMBERS.c.org_id == bindparam("org"), MEMBERS.c.user_id == bindparam("user"))
)
# The same of somebody who is none, but comes in where everybody may.
OF_VISITOR = visiting(bindparam("org"), bindparam("user"))
# The active places of a person, by name: all, for none that is closed may be overlooked.
OF_PERSON = (
    facts()
    .add_columns(ORGANIZATIONS.c.name)
    .join(ORGANIZATIONS, ORGANIZATIONS.c.id == MEMBERS.c.org_id)
    .where(
        MEMBERS.c.user_id == bindparam("user"),
        MEMBERS.c.suspended_at.is_(None),
        ORGANIZATIONS.c.deleted_at.is_(None),
    )
    .order_by(ORGANIZATIONS.c.name, ORGANIZATIONS.c.id)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands in one organization, and of what that was made."""

    org_id: UUID
    user_id: UUID
    facts: Facts
    verdict: Verdict

    @property
    def needs(self) -> Needs:
        return demanded(self.facts.policy.mode, self.facts.personal)


def find_standing(ctx: Context, org_id: UUID, user_id: UUID) -> Standing | None:
    """None of who is no member."""
    row = OF_MEMBER.first(ctx.wire, {"org": org_id, "user": user_id})
    return standing_of(row, ctx.now) if row is not None else None


def find_standing_of_anybody(ctx: Context, org_id: UUID, user_id: UUID) -> Standing | None:
    """The same of somebody who need not be a member; of such, None where there is no policy."""
    known = find_standing(ctx, org_id, user_id)
    if known is not None:
        return known
    row = ctx.db.connection().execute(OF_VISITOR, {"org": org_id, "user": user_id}).first()
    return standing_of(row, ctx.now) if row is not None else None


def standings_of(ctx: Context, user_id: UUID) -> list[tuple[str, Standing]]:
    """A person's active places by name, and how they stand in each."""
    rows = ctx.db.connection().execute(OF_PERSON, {"user": user_id})
    return [(row.name, standing_of(row, ctx.now)) for row in rows]


def standing_of(row: Any, now: datetime) -> Standing:
    found = Facts(
        joined=row.joined,
        policy=Policy(
            row.mode,
            row.grace_days,
            row.demands_since,
            row.models_since,
            frozenset(map(UUID, row.allowed_aaguids or ())),
        ),
        personal=Personal(row.override, row.force_totp, row.force_webauthn, row.personal_since),
        factors=Factors(row.totp_at, row.webauthn_at),
        suspended_at=row.suspended_at,
    )
    return Standing(row.org_id, row.user_id, found, judge(found, now))


def proof_of_session(ctx: Context) -> tuple[tuple[str, ...], UUID | None]:
    """What the caller's session has used, and the model of key for which its maker vouched. A
    program has used what its token says.
    """
    actor = ctx.actor
    own = Session.id == actor.session_id, Session.user_id == actor.user_id
    row = ctx.db.execute(select(Session.amr, Session.model).where(*own)).first()
    if row is None:
        return actor.amr, None
    return actor.amr if actor.client_row_id else tuple(row.amr.split()), row.model


def compliance_of(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """How a person stands to all that their organizations demand. The strictest counts."""
    places = standings_of(ctx, user_id)
    verdicts = [standing.verdict for _, standing in places]
    return {
        "overall_status": overall(verdict.status for verdict in verdicts),
        "missing_methods": all_missing(each for verdict in verdicts for each in verdict.missing),
        "deadline_at": min((v.deadline for v in verdicts if v.deadline), default=None),
        "orgs": [
            {
                "organization_id": standing.org_id,
                "organization_name": name,
                "status": standing.verdict.status,
                "missing_methods": standing.verdict.missing,
                "deadline_at": standing.verdict.deadline,
            }
            for name, standing in places
        ],
    }


def who_would_miss(
    ctx: Context, user_id: UUID, *, totp: bool, passkeys: int, models: Collection[UUID]
) -> list[str]:
    """The FactorDemands port."""
    found = []
    for name, standing in standings_of(ctx, user_id):
        policy, has = standing.facts.policy, standing.facts.factors
        keys = bool(policy.models.intersection(models)) if policy.models else passkeys > 0
        left = Factors(has.totp_at if totp else None, has.webauthn_at if keys else None)
        if set(missing_of(standing.needs, left)) - set(standing.verdict.missing):
            found.append(name)
    return found


def models_listed(ctx: Context, user_id: UUID) -> frozenset[UUID]:
    """The ListedModels port."""
    policies = (standing.facts.policy for _, standing in standings_of(ctx, user_id))
    return frozenset(model for policy in policies for model in policy.models)


def page_of_compliance(
    ctx: Context, org_id: UUID, *, status: Status | None, page: int, size: int, offset: int
) -> Page[dict[str, Any]]:
    """Members in the order in which they joined, and how each stands. Two statements."""
    found = judged(facts().where(MEMBERS.c.org_id == org_id), ctx.now)
    rows = select(found, USERS.c.email, USERS.c.full_name).join(
        USERS, USERS.c.id == found.c.user_id
    )
    if status is not None:
        rows = rows.where(found.c.status == status.value)
    rows = rows.order_by(found.c.member_id).execution_options(with_removed=True)
    shown = paginate_rows(ctx, rows, page=page, per_page=size, offset=offset)
    return shown.map(lambda row: _compliance(row, ctx.now)).with_beside(page_size=size)


def _compliance(row: Any, now: datetime) -> dict[str, Any]:
    standing = standing_of(row, now)
    verdict = standing.verdict
    return {
        "user_id": row.user_id,
        "user_email": row.email,
        "user_name": row.full_name,
        "status": verdict.status,
        "deadline_at": verdict.deadline,
        "compliant_at": met_at(standing.needs, standing.facts.factors),
        "last_notified_at": row.last_notified_at,
        "missing_methods": verdict.missing,
    }
