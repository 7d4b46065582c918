"""Who may sign in to a client: asked before a code is issued, and at every refresh."""

from uuid import UUID

from sqlalchemy import exists, select

from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.departments.models import DepartmentMember
from gatehouse.organizations.models import Member, Organization


def may_enter(ctx: Context, client: KnownClient, user_id: UUID) -> bool:
    """Whether the client's access policy admits this person now. Suspended members are outside."""
    options = client.options
    if options.access_policy == "everyone":
        return True
    org_ids = [UUID(each) for each in options.allowed_org_ids]
    if client.org_id is not None and not org_ids:
        org_ids = [client.org_id]
    if not org_ids:
        return client.org_id is None
    place = select(Member.id).where(
        Member.org_id.in_(org_ids), Member.user_id == user_id, Member.suspended_at.is_(None)
    )
    if options.access_policy == "roles":
        place = place.where(Member.role.in_(options.allowed_roles))
    if options.access_policy == "groups":
        groups = [UUID(each) for each in options.allowed_group_ids]
        is_in = exists().where(
            DepartmentMember.user_id == user_id, DepartmentMember.department_id.in_(groups)
        )
        place = place.where(is_in)
    return ctx.db.scalar(place.limit(1)) is not None


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
