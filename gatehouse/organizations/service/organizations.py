"""Creating, changing and deleting organizations."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.audit.service import record, set_label
from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.core.roles import Role
from gatehouse.organizations.errors import (
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
    organization = Organization(
        name=name,
        slug=_chosen(ctx, slug) if slug else _made_of(ctx, name),
        description=description,
        logo_url=logo_url,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.db.add(organization)
    ctx.db.flush()
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
    organization = lock_organization(ctx, org_id)
    others = count_members(ctx, org_id) - 1
    if others > 0:
        raise OrganizationHasMembers(member_count=others)
    remove_organization(ctx, organization)


def remove_organization(ctx: Context, organization: Organization) -> None:
    """Take an organization and whoever is left in it away. The slug can be used again."""
    record(ctx, OrganizationDeleted(org_id=organization.id))
    for member in ctx.db.scalars(members_of(organization.id)):
        member.deleted_at = ctx.now
        ctx.forget(member.user_id)
    organization.deleted_at = organization.updated_at = ctx.now


def lock_organization(ctx: Context, org_id: UUID) -> Organization:
    """Hold the organization until the end of the act: rules over several members need it still."""
    statement = select(Organization).where(Organization.id == org_id).with_for_update()
    found = ctx.db.scalar(statement)
    if found is None:
        raise OrganizationNotFound
    return found


def _chosen(ctx: Context, slug: str) -> str:
    if slug_is_taken(ctx, slug):
        raise SlugTaken(slug=slug)
    return slug


def _made_of(ctx: Context, name: str) -> str:
    slug = slug_of(name)
    candidates = (numbered(slug, number) for number in range(1, MOST_SLUGS_TRIED))
    found = next((one for one in candidates if not slug_is_taken(ctx, one)), None)
    if found is None:
        raise Invalid.fields({"slug": ["Too many organizations have this name. Send a slug."]})
    return found


def _label(ctx: Context, organization: Organization) -> None:
    set_label(
        ctx,
        organization.id,
        kind="organization",
        label=organization.slug,
        name=organization.name,
    )
