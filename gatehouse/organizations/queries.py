"""Reading organizations and members. Every query is bound to one organization or one person."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, exists, func, select
from sqlalchemy.orm import joinedload

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.accounts.rules import email_key
from gatehouse.audit.permissions import AuditPermission
from gatehouse.core.access import Barred, may
from gatehouse.core.context import Context
from gatehouse.core.db import Model
from gatehouse.core.errors import MembershipSuspended
from gatehouse.core.pagination import Page, paginate_rows
from gatehouse.core.prepared import Prepared
from gatehouse.core.roles import Role
from gatehouse.organizations.errors import (
    ActiveMemberNotFound,
    InviteNotFound,
    MemberNotFound,
    OrganizationNotFound,
)
from gatehouse.organizations.models import Invite, Member, Organization
from gatehouse.organizations.permissions import OrganizationPermission

# What nearly every request asks: to make a statement takes longer than to run it.
# Of tables: with classes in them they take as long again.
MEMBERS, ORGANIZATIONS = (
    Model.metadata.tables[kind.__tablename__] for kind in (Member, Organization)
)
ROLE = Prepared(
    select(MEMBERS.c.role, MEMBERS.c.suspended_at).where(
        MEMBERS.c.org_id == bindparam("org"),
        MEMBERS.c.user_id == bindparam("user"),
        MEMBERS.c.deleted_at.is_(None),
    )
)
ACTIVE_PLACES = Prepared(
    select(ORGANIZATIONS.c.id, ORGANIZATIONS.c.name, ORGANIZATIONS.c.slug, MEMBERS.c.role)
    .join(MEMBERS, MEMBERS.c.org_id == ORGANIZATIONS.c.id)
    .where(
        MEMBERS.c.user_id == bindparam("user"),
        MEMBERS.c.suspended_at.is_(None),
        MEMBERS.c.deleted_at.is_(None),
        ORGANIZATIONS.c.deleted_at.is_(None),
    )
    .order_by(ORGANIZATIONS.c.name, ORGANIZATIONS.c.id)
    .limit(200)
)


def role_of(ctx: Context, user_id: UUID, org_id: UUID) -> Role | None:
    """The Memberships port. Raises MembershipSuspended."""
    row = ROLE.first(ctx.wire, {"org": org_id, "user": user_id})
    if row is None:
        return None
    if row.suspended_at is not None:
        raise MembershipSuspended
    role: Role = row.role
    return role


def present_members(
    ctx: Context, org_ids: Collection[UUID], user_ids: Collection[UUID]
) -> set[tuple[UUID, UUID]]:
    """The PresentMembers port: pairs of organization and member. Suspended ones are members."""
    rows = ctx.db.execute(
        select(Member.org_id, Member.user_id).where(
            Member.org_id.in_(org_ids), Member.user_id.in_(user_ids)
        )
    )
    return {(org_id, user_id) for org_id, user_id in rows}


def get_organization(ctx: Context, org_id: UUID) -> Organization:
    found = ctx.db.scalar(select(Organization).where(Organization.id == org_id))
    if found is None:
        raise OrganizationNotFound
    return found


def find_organization(ctx: Context, slug: str) -> Organization | None:
    found: Organization | None = ctx.db.scalar(
        select(Organization).where(Organization.slug == slug)
    )
    return found


def slug_is_taken(ctx: Context, slug: str) -> bool:
    return ctx.db.scalar(select(Organization.id).where(Organization.slug == slug)) is not None


def members_of(org_id: UUID) -> Select[Any]:
    """Members in the order in which they joined, each with the person."""
    return (
        select(Member)
        .where(Member.org_id == org_id)
        .options(joinedload(Member.user))
        .order_by(Member.id)
    )


def get_member(ctx: Context, org_id: UUID, user_id: UUID) -> Member:
    found: Member | None = ctx.db.scalar(members_of(org_id).where(Member.user_id == user_id))
    if found is None:
        raise MemberNotFound
    return found


def find_member(ctx: Context, org_id: UUID, user_id: UUID) -> Member | None:
    found: Member | None = ctx.db.scalar(members_of(org_id).where(Member.user_id == user_id))
    return found


def has_place(ctx: Context, org_id: UUID, email: str) -> bool:
    """Whether whoever has this address is a member; it takes as long if nobody has it."""
    found = (
        select(Member.id)
        .join(User, User.id == Member.user_id)
        .where(Member.org_id == org_id, User.email_key == email_key(email))
    )
    return ctx.db.scalar(found) is not None


def get_active_member(
    ctx: Context, org_id: UUID, *, email: str | None, user_id: UUID | None
) -> Member:
    """The present, unsuspended member of this address or id. Raises ActiveMemberNotFound.

    An address that nobody has is answered like that of somebody who is not a member.
    """
    members = members_of(org_id).where(Member.suspended_at.is_(None))
    if email is not None:
        key = email_key(email)
        members = members.join(User, User.id == Member.user_id).where(User.email_key == key)
    else:
        members = members.where(Member.user_id == user_id)
    found: Member | None = ctx.db.scalar(members)
    if found is None:
        raise ActiveMemberNotFound
    return found


def count_by_role(ctx: Context, org_id: UUID) -> Mapping[Role, int]:
    """How many members hold each role, the suspended among them."""
    rows = ctx.db.execute(
        select(Member.role, func.count()).where(Member.org_id == org_id).group_by(Member.role)
    ).all()
    counted = dict(rows)
    return {role: counted.get(role, 0) for role in Role}


def invites_of(org_id: UUID) -> Select[Any]:
    """Pending invitations, those that ran out too, in the order in which they were made."""
    return (
        select(Invite)
        .where(Invite.org_id == org_id, Invite.accepted_at.is_(None))
        .order_by(Invite.id)
    )


def get_pending_invite(ctx: Context, org_id: UUID, invite_id: UUID) -> Invite:
    found: Invite | None = ctx.db.scalar(invites_of(org_id).where(Invite.id == invite_id))
    if found is None:
        raise InviteNotFound
    return found


def _role_of_inviter() -> Any:
    """What whoever invited is there now; null if they or their account went or are suspended."""
    return (
        select(Member.role)
        .join(User, User.id == Member.user_id)
        .where(
            Member.org_id == Invite.org_id,
            Member.user_id == Invite.invited_by_id,
            Member.suspended_at.is_(None),
            Member.deleted_at.is_(None),
            User.status == AccountStatus.ACTIVE,
            User.deleted_at.is_(None),
        )
        .correlate(Invite)
        .scalar_subquery()
        .label("inviter_role")
    )


def invite_row(invite_id: UUID) -> Any:
    """A pending invitation with its organization; also for a glance, which hides nothing."""
    has_account = exists().where(User.email_key == Invite.email_key, User.deleted_at.is_(None))
    return (
        select(
            Invite.id,
            Invite.org_id,
            Invite.email,
            Invite.email_key,
            Invite.role,
            Invite.nonce,
            Invite.expires_at,
            Invite.invited_by_id,
            Organization.name.label("organization_name"),
            has_account.label("has_account"),
            _role_of_inviter(),
        )
        .join(Organization, Organization.id == Invite.org_id)
        .where(
            Invite.id == invite_id,
            Invite.accepted_at.is_(None),
            Invite.deleted_at.is_(None),
            Organization.deleted_at.is_(None),
        )
    )


def pending_invites_of(key: str, now: datetime, inviters: Collection[Role]) -> Any:
    """What is offered to an address by people of these roles, the newest first: at most 50."""
    return (
        select(
            Invite.id,
            Invite.org_id,
            Invite.email_key,
            Invite.role,
            Invite.nonce,
            Invite.expires_at,
            Organization.name.label("organization_name"),
            _role_of_inviter(),
        )
        .join(Organization, Organization.id == Invite.org_id)
        .where(Invite.email_key == key, Invite.accepted_at.is_(None), Invite.expires_at > now)
        .where(_role_of_inviter().in_(inviters))
        .order_by(Invite.id.desc())
        .limit(50)
    )


def count_members(ctx: Context, org_id: UUID) -> int:
    return ctx.db.scalar(select(func.count(Member.id)).where(Member.org_id == org_id)) or 0


def has_other_owner(ctx: Context, org_id: UUID, but_user_id: UUID) -> bool:
    """Whether somebody else owns it who can act: neither they nor their account is suspended."""
    found = ctx.db.scalar(
        select(Member.id)
        .join(User, User.id == Member.user_id)
        .where(
            Member.org_id == org_id,
            Member.role == Role.OWNER,
            Member.user_id != but_user_id,
            Member.suspended_at.is_(None),
            User.status == AccountStatus.ACTIVE,
        )
        .limit(1)
    )
    return found is not None


def places_of(user_id: UUID) -> Select[Organization, Role, datetime | None]:
    """The organizations of a person with their role in each, by name."""
    return (
        select(Organization, Member.role, Member.suspended_at)
        .join(Member, Member.org_id == Organization.id)
        .where(Member.user_id == user_id)
        .order_by(Organization.name, Organization.id)
    )


def page_of_places(
    ctx: Context, user_id: UUID, *, page: int, per_page: int
) -> Page[dict[str, Any]]:
    """One page of a person's organizations, as they are shown to that person."""
    found = paginate_rows(ctx, places_of(user_id), page=page, per_page=per_page)
    return found.map(lambda row: _shown_place(*row))


def may_read_addresses(ctx: Context, org_id: UUID) -> bool:
    role = role_of(ctx, ctx.user_id, org_id)
    return role is not None and may(ctx, role, OrganizationPermission.READ_ADDRESSES)


def as_seen_by(ctx: Context, person: User, *, shows_addresses: bool) -> dict[str, Any]:
    """What the caller sees of a member. Everybody sees their own address."""
    shows_address = shows_addresses or person.id == ctx.user_id
    return {
        "id": person.id,
        "email": person.email if shows_address else None,
        "full_name": person.full_name,
        "avatar_url": person.avatar_url,
    }


def active_places_of(ctx: Context, user_id: UUID) -> Sequence[Row[UUID, str, str, Role]]:
    """Id, name, slug and role where the person is in and not suspended: at most 200."""
    return ACTIVE_PLACES.all(ctx.wire, {"user": user_id})


def readable_records(ctx: Context, user_id: UUID) -> Sequence[UUID]:
    """The ReadableRecords port: where the role of a person, the caller, lets them read the record,
    and the policy, too.
    """
    places = active_places_of(ctx, user_id)
    found = [place.id for place in places if may(ctx, place.role, AuditPermission.READ)]
    barred = ctx.ports[Barred](ctx) if found else {}
    return [org_id for org_id in found if org_id not in barred]


def places_to_leave(ctx: Context, user_id: UUID) -> Sequence[UUID]:
    """Where a person is a member, suspended or not, in an order that avoids deadlocks."""
    return ctx.db.scalars(
        select(Member.org_id).where(Member.user_id == user_id).order_by(Member.org_id)
    ).all()


def administered_by(ctx: Context, user_id: UUID) -> Select[UUID]:
    """The ids of the organizations whose members a person, the caller, manages, and may enter by
    their policy.
    """
    managers = [role for role in Role if may(ctx, role, OrganizationPermission.MANAGE_MEMBERS)]
    return select(Member.org_id).where(
        Member.user_id == user_id,
        Member.role.in_(managers),
        Member.suspended_at.is_(None),
        Member.org_id.not_in(list(ctx.ports[Barred](ctx))),
    )


def shared_with(ctx: Context, user_id: UUID) -> Sequence[UUID]:
    """The organizations that the caller may enter and the person is a member of, in order."""
    own = select(Member.org_id).where(Member.user_id == ctx.user_id, Member.suspended_at.is_(None))
    statement = select(Member.org_id).where(Member.user_id == user_id, Member.org_id.in_(own))
    return ctx.db.scalars(statement.order_by(Member.org_id)).all()


def departed_from(ctx: Context, user_id: UUID) -> Sequence[UUID]:
    """The deleted organizations that a person was ever in."""
    statement = (
        select(Organization.id)
        .join(Member, Member.org_id == Organization.id)
        .where(Member.user_id == user_id, Organization.deleted_at.is_not(None))
    )
    return ctx.db.scalars(statement.execution_options(with_removed=True)).all()


def user_ids_of(ctx: Context, org_id: UUID) -> Sequence[UUID]:
    return ctx.db.scalars(select(Member.user_id).where(Member.org_id == org_id)).all()


def _shown_place(
    organization: Organization, role: Role, suspended_at: datetime | None
) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "slug",
        "description",
        "logo_url",
        "is_active",
        "settings",
        "created_at",
        "updated_at",
    )
    shown = {name: getattr(organization, name) for name in names}
    return shown | {"role": role, "is_suspended": suspended_at is not None}


def memberships(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of a person's places in organizations."""
    rows = ctx.db.execute(
        select(
            Organization.id.label("organization_id"),
            Organization.name.label("organization"),
            Member.role,
            Member.created_at.label("joined_at"),
            Member.suspended_at,
        )
        .join(Member, Member.org_id == Organization.id)
        .where(Member.user_id == user_id)
        .order_by(Member.id)
    )
    return [row._asdict() for row in rows]
