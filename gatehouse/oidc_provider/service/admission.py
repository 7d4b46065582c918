"""Who may sign in to a client: asked before a code is issued, and at every refresh."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select

from gatehouse.clients.models import Client
from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.core.context import Context
from gatehouse.core.db import in_batches
from gatehouse.departments.models import DepartmentMember
from gatehouse.grants.models import Grant
from gatehouse.grants.service import revoke_grants
from gatehouse.organizations.models import Member, Organization

MOST_AT_ONCE = 1000  # grants that one act ends


def may_enter(ctx: Context, client: KnownClient, user_id: UUID, place: str | None = None) -> bool:
    """Whether the client's access policy admits this person now. Suspended members are outside, and
    those of an organization that is switched off. ``place`` is the organization that the client is
    used for, if one was named: whoever is not in it does not use it for that.
    """
    if place is not None and place_named(ctx, user_id, place) is None:
        return False
    return user_id in who_may_enter(ctx, client, [user_id])


def who_may_enter(ctx: Context, client: KnownClient, user_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these people whom the client's access policy admits now."""
    admitted = _admitted(client)
    if isinstance(admitted, bool):
        return set(user_ids) if admitted else set()
    return set(ctx.db.scalars(admitted.where(Member.user_id.in_(user_ids))))


def _admitted(client: KnownClient) -> Select[Any] | bool:
    """Whom the client's access policy admits: everybody, nobody, or those of a statement."""
    options = client.options
    if options.access_policy == "everyone":
        return True
    org_ids = [UUID(each) for each in options.allowed_org_ids]
    if client.org_id is not None and not org_ids:
        org_ids = [client.org_id]
    if not org_ids:
        return client.org_id is None
    place = (
        select(Member.user_id)
        .join(Organization, Organization.id == Member.org_id)
        .where(
            Member.org_id.in_(org_ids),
            Member.suspended_at.is_(None),
            Organization.is_active.is_(True),
        )
    )
    if options.access_policy == "roles":
        place = place.where(Member.role.in_(options.allowed_roles))
    if options.access_policy == "groups":
        groups = [UUID(each) for each in options.allowed_group_ids]
        is_in = exists().where(
            DepartmentMember.user_id == Member.user_id, DepartmentMember.department_id.in_(groups)
        )
        place = place.where(is_in)
    return place


def end_grants_outside_the_policy(
    ctx: Context, client: KnownClient, *, reason: str, most: int = MOST_AT_ONCE
) -> int:
    """End for good the grants of people whom the client does not admit, at most so many.
    Of the others nothing can be used either, for whoever shows it is asked about anew.
    """
    admitted = _admitted(client)
    if admitted is True:
        return 0
    out = select(Grant.id).where(Grant.client_row_id == client.id, Grant.revoked_at.is_(None))
    if not isinstance(admitted, bool):
        out = out.where(Grant.user_id.not_in(admitted))
    some = ctx.db.scalars(out.limit(most)).all()
    return revoke_grants(ctx, Grant.id.in_(some), reason=reason) if some else 0


def end_grants_of_who_is_out(ctx: Context, *which: Any, reason: str) -> int:
    """End those of these grants whose person the client does not admit any more, for good."""
    rows = ctx.db.execute(
        select(Grant.id, Grant.user_id, Client.client_id)
        .join(Client, Client.id == Grant.client_row_id)
        .where(Grant.revoked_at.is_(None), *which)
    ).all()
    out: list[UUID] = []
    for name in {row.client_id for row in rows}:
        client = find_client(ctx.runtime, name)
        for some in in_batches(row.user_id for row in rows if row.client_id == name):
            inside = who_may_enter(ctx, client, some) if client else set()
            out += [
                row.id
                for row in rows
                if row.client_id == name and row.user_id in some and row.user_id not in inside
            ]
    return sum(revoke_grants(ctx, Grant.id.in_(some), reason=reason) for some in in_batches(out))


def place_named(ctx: Context, user_id: UUID, name: str) -> UUID | None:
    """The organization of this id or slug, if the person is in it."""
    statement = (
        select(Organization.id)
        .join(Member, Member.org_id == Organization.id)
        .where(
            Organization.is_active,
            Member.user_id == user_id,
            Member.suspended_at.is_(None),
        )
    )
    org_id = as_id(name)
    which = Organization.slug == name if org_id is None else Organization.id == org_id
    found: UUID | None = ctx.db.scalar(statement.where(which))
    return found


def as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
