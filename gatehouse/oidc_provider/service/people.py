"""What we know of a person, as claims."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.runtime import Runtime
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.oidc_provider.rules.claims import (
    USERINFO,
    chosen,
    mapped,
    sources,
    tellable,
)
from gatehouse.oidc_provider.service.subjects import sub_of
from gatehouse.organizations.models import Member, Organization

MOST_GROUPS = 100  # in a token; userinfo tells all
OF_A_PLACE = frozenset({"roles", "org_id", "org_name", "org_role"})


def facts_of(
    ctx: Context,
    client: KnownClient,
    user_id: UUID,
    names: Sequence[str],
    *,
    org_id: UUID | None,
    account: Any = None,
) -> dict[str, Any]:
    """The claims of these names that we can say of a person to this client. ``account`` is the row
    of the person, where it is known.
    """
    wanted = set(names)
    facts = _of_the_account(account or ctx.db.get(User, user_id))
    if wanted & OF_A_PLACE:
        facts |= _of_the_place(ctx, client, user_id, org_id)
    if "groups" in wanted:
        facts |= _of_groups(ctx, client, user_id)
    return {name: value for name, value in facts.items() if name in wanted}


def _of_the_account(user: Any) -> dict[str, Any]:
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
    """The role in the client's own organization, and the organization that it is used for: that
    which was asked for, else the client's, else the only one that the person belongs to.
    """
    rows = ctx.db.execute(
        select(Member.org_id, Member.role, Organization.name)
        .join(Organization, Organization.id == Member.org_id)
        .where(
            Member.user_id == user_id,
            Member.suspended_at.is_(None),
            Organization.is_active.is_(True),
        )
    ).all()
    places = {row.org_id: row for row in rows}
    own = places.get(client.org_id) if client.org_id else None
    facts: dict[str, Any] = {"roles": [own.role.value] if own else []}
    wanted = org_id or client.org_id or (rows[0].org_id if len(rows) == 1 else None)
    chosen_one = places.get(wanted) if wanted else None
    if chosen_one:
        facts |= {
            "org_id": str(chosen_one.org_id),
            "org_name": chosen_one.name,
            "org_role": chosen_one.role.value,
        }
    return facts


def _of_groups(ctx: Context, client: KnownClient, user_id: UUID) -> dict[str, Any]:
    """The departments of the client's organization that the person is in."""
    rows = ctx.db.scalars(
        select(Department.name)
        .join(DepartmentMember, DepartmentMember.department_id == Department.id)
        .join(
            Member,
            (Member.org_id == Department.org_id) & (Member.user_id == DepartmentMember.user_id),
        )
        .where(
            Department.org_id == client.org_id,
            DepartmentMember.user_id == user_id,
            Member.suspended_at.is_(None),
        )
        .order_by(Department.name)
    ).all()
    return {"groups": list(rows)}


def without_too_many(runtime: Runtime, claims: dict[str, Any]) -> dict[str, Any]:
    """The same for a token: more than 100 groups are not in it, but where they are to be had
    (OpenID Connect Core 5.6.2).
    """
    if len(claims.get("groups", ())) <= MOST_GROUPS:
        return claims
    few = {name: value for name, value in claims.items() if name != "groups"}
    endpoint = f"{runtime.settings.oidc.issuer}/oidc/userinfo"
    return few | {
        "_claim_names": {"groups": "userinfo"},
        "_claim_sources": {"userinfo": {"endpoint": endpoint}},
    }


def say_of(
    ctx: Context,
    client: KnownClient,
    user_id: UUID,
    *,
    place: str,
    names: Sequence[str],
    scopes: Sequence[str],
    organization: str | None,
    account: Any = None,
) -> dict[str, Any]:
    """What is said of a person in this place: the claims of these names that the scopes do not
    forbid, and what the client's mappers make of what the scopes give.
    """
    mappers = client.options.claims_mappers
    if not names and not mappers:
        return {}
    names, read = tellable(names, scopes), sources(mappers, place, scopes)
    facts: dict[str, Any] = {}
    if names or read:
        org_id = UUID(organization) if organization else None
        wanted = [*names, *read]
        facts = facts_of(ctx, client, user_id, wanted, org_id=org_id, account=account)
    if "sub" in read:
        facts["sub"] = sub_of(ctx, client, user_id)
    said = mapped(mappers, place, facts) | chosen(facts, names)
    return said if place == USERINFO else without_too_many(ctx.runtime, said)
