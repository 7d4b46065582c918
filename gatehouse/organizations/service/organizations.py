"""Creating, changing and deleting organizations."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError

from gatehouse.accounts.queries import hold_own_account, is_proven, own_account
from gatehouse.audit.service import record, set_label
from gatehouse.core.access import check_permission, refuse_stale
from gatehouse.core.context import Context
from gatehouse.core.db import purge_removed
from gatehouse.core.errors import Invalid
from gatehouse.core.roles import Role
from gatehouse.organizations.errors import (
    EmailNotVerified,
    OrganizationHasMembers,
    OrganizationNotFound,
    SlugTaken,
)
from gatehouse.organizations.events import (
    OrganizationChanged,
    OrganizationCreated,
    OrganizationDeleted,
)
from gatehouse.organizations.models import Member, Organization
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import (
    count_members,
    get_organization,
    members_of,
    slug_is_taken,
    user_ids_of,
)
from gatehouse.organizations.rules import numbered, slug_of

MOST_SLUGS_TRIED = 50


def create_organization(
    ctx: Context,
    *,
    name: str,
    slug: str | None = None,
    description: str | None = None,
    logo_url: str | None = None,
) -> Organization:
    """Create an organization with the caller as its owner. Raises SlugTaken."""
    hold_own_account(ctx)
    fields = {"name": name, "description": description, "logo_url": logo_url}
    organization = _chosen(ctx, slug, fields) if slug else _made_of(ctx, name, fields)
    ctx.db.add(
        Member(
            org_id=organization.id,
            user_id=ctx.user_id,
            role=Role.OWNER,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
    )
    _label(ctx, organization)
    ctx.forget(ctx.user_id)
    record(ctx, OrganizationCreated(org_id=organization.id, slug=organization.slug))
    return organization


def change_organization(ctx: Context, org_id: UUID, **changes: Any) -> Organization:
    """Change the name, the description or the logo; what is not named stays."""
    hold_as(ctx, org_id, OrganizationPermission.CHANGE)
    organization = get_organization(ctx, org_id)
    changed = tuple(key for key, value in changes.items() if getattr(organization, key) != value)
    if not changed:
        return organization
    for key in changed:
        setattr(organization, key, changes[key])
    organization.updated_at = ctx.now
    if "name" in changed:
        _label(ctx, organization)
        ctx.forget(*user_ids_of(ctx, org_id))
    record(ctx, OrganizationChanged(org_id=org_id, fields=changed))
    return organization


def delete_organization(ctx: Context, org_id: UUID) -> None:
    """Delete an organization that nobody else is in. Raises OrganizationHasMembers."""
    hold_as(ctx, org_id, OrganizationPermission.DELETE)
    organization = get_organization(ctx, org_id)
    others = count_members(ctx, org_id) - 1
    if others > 0:
        raise OrganizationHasMembers(member_count=others)
    remove_organization(ctx, organization)
    record(ctx, OrganizationDeleted(org_id=org_id))


def remove_organization(ctx: Context, organization: Organization) -> None:
    """Take an organization and whoever is left in it away. The slug can be used again."""
    for member in ctx.db.scalars(members_of(organization.id)):
        member.deleted_at = ctx.now
        ctx.forget(member.user_id)
    organization.deleted_at = organization.updated_at = ctx.now


def purge_organizations(ctx: Context) -> int:
    """Delete for good what was left or deleted long ago: places first, then what is empty.

    Returns how many rows there were.
    """
    places = purge_removed(ctx.db, Member, ctx.now)
    is_empty = ~exists().where(Member.org_id == Organization.id)
    return places + purge_removed(ctx.db, Organization, ctx.now, is_empty)


def lock_organization(ctx: Context, org_id: UUID) -> Organization:
    """Hold the organization until the end of the act: rules over several members need it still."""
    found = find_and_lock(ctx, org_id)
    if found is None:
        raise OrganizationNotFound
    return found


def find_and_lock(ctx: Context, org_id: UUID) -> Organization | None:
    statement = select(Organization).where(Organization.id == org_id)
    return ctx.db.scalar(statement.with_for_update(key_share=True))


def hold_as(ctx: Context, org_id: UUID, permission: StrEnum) -> Role:
    """Hold the organization, and only then read what the caller may do in it.

    Somebody whose role was taken away while the request waited is refused like anybody else.
    """
    lock_organization(ctx, org_id)
    return check_permission(ctx, org_id, permission)


def end_tokens(ctx: Context, org_id: UUID) -> None:
    """Let nothing count that the organization's applications were given until now: for whoever ends
    it, and for whoever switches an organization off or on again (see ``clients.end_tokens``).
    """
    ctx.outwait_leases()
    row = update(Organization).where(Organization.id == org_id)
    ctx.execute(row.values(tokens_not_before=ctx.now))


def refuse_stale_for_owners(ctx: Context, *roles: Role) -> None:
    """Making, barring and removing owners hands the organization over: it needs a fresh proof."""
    if Role.OWNER in roles:
        refuse_stale(ctx)


def refuse_unproven(ctx: Context) -> None:
    """Raise EmailNotVerified unless the caller's address is proven: others are mailed words of
    theirs.
    """
    if not is_proven(ctx, own_account(ctx)):
        raise EmailNotVerified


def _chosen(ctx: Context, slug: str, fields: dict[str, Any]) -> Organization:
    """An organization with the slug that was asked for. Raises SlugTaken."""
    organization = None if slug_is_taken(ctx, slug) else _inserted(ctx, slug, fields)
    if organization is None:
        raise SlugTaken(slug=slug)
    return organization


def _made_of(ctx: Context, name: str, fields: dict[str, Any]) -> Organization:
    """An organization with the first free slug of its name. Nobody asked for a certain one."""
    slug = slug_of(name)
    for candidate in (numbered(slug, number) for number in range(1, MOST_SLUGS_TRIED)):
        if slug_is_taken(ctx, candidate):
            continue
        organization = _inserted(ctx, candidate, fields)
        if organization is not None:
            return organization
    raise Invalid.fields({"slug": ["Too many organizations have this name. Send a slug."]})


def _inserted(ctx: Context, slug: str, fields: dict[str, Any]) -> Organization | None:
    """Insert, unless another request has taken the slug a moment ago: the index decides."""
    row = Organization(slug=slug, created_at=ctx.now, updated_at=ctx.now, **fields)
    try:
        with ctx.db.begin_nested():
            ctx.db.add(row)
    except IntegrityError:
        return None
    return row


def _label(ctx: Context, organization: Organization) -> None:
    set_label(
        ctx,
        organization.id,
        kind="organization",
        label=organization.slug,
        name=organization.name,
    )
