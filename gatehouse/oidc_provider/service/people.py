"""What we know of a person, as claims."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.organizations.models import Member, Organization

MOST_GROUPS = 100
OF_A_PLACE = frozenset({"roles", "org_id", "org_name", "org_role"})


def facts_of(
    ctx: Context, client: KnownClient, user_id: UUID, names: Sequence[str], *, org_id: UUID | None
) -> dict[str, Any]:
    """The claims of these names that we can say of a person to this client."""
    wanted = set(names)
    facts = _of_the_account(ctx, user_id)
    if wanted & OF_A_PLACE:
        facts |= _of_the_place(ctx, client, user_id, org_id)
    if "groups" in wanted:
        facts |= _of_groups(ctx, client, user_id)
    return {name: value for name, value in facts.items() if name in wanted}


def _of_the_account(ctx: Context, user_id: UUID) -> dict[str, Any]:
    user = ctx.db.get(User, user_id)
    if user is None:
        return {}
    return {
        "name": user.full_name,
        "picture": user.avatar_url,
        "preferred_username": user.email,
        "email": user.email,
        "email_verified": user.email_verified,
        "updated_at": int(user.updated_at.timestamp()),
    }


def _of_the_place(
    ctx: Context, client: KnownClient, user_id: UUID, org_id: UUID | None
) -> dict[str, Any]:
    """The role in the client's own organization, and the organization that was chosen."""
    asked = {each for each in (client.org_id, org_id) if each}
    rows = ctx.db.execute(
        select(Member.org_id, Member.role, Organization.name)
        .join(Organization, Organization.id == Member.org_id)
        .where(Member.user_id == user_id, Member.org_id.in_(asked), Member.suspended_at.is_(None))
    ).all()
    places = {row.org_id: row for row in rows}
    own = places.get(client.org_id) if client.org_id else None
    chosen = places.get(org_id or client.org_id) if org_id or client.org_id else None
    facts: dict[str, Any] = {"roles": [own.role.value] if own else []}
    if chosen:
        facts |= {
            "org_id": str(chosen.org_id),
            "org_name": chosen.name,
            "org_role": chosen.role.value,
        }
    return facts


def _of_groups(ctx: Context, client: KnownClient, user_id: UUID) -> dict[str, Any]:
    """The departments of the client's organization; more than 100 are only said to be too many
    (OpenID Connect Core 5.6.2).
    """
    rows = ctx.db.scalars(
        select(Department.name)
        .join(DepartmentMember, DepartmentMember.department_id == Department.id)
        .where(Department.org_id == client.org_id, DepartmentMember.user_id == user_id)
        .order_by(Department.name)
        .limit(MOST_GROUPS + 1)
    ).all()
    return {"groups": list(rows[:MOST_GROUPS])}
