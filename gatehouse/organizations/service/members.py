"""Adding, changing, suspending and removing members.

Each act first takes hold of the organization and reads the caller's role again: two owners who
demote each other at the same moment come one after the other, and the second is refused.
"""

from uuid import UUID

from gatehouse.accounts.queries import find_account_by_email, hold_account, is_proven
from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.roles import Role
from gatehouse.organizations.errors import (
    AlreadyMember,
    AlreadySuspended,
    LastOwner,
    NotOnYourself,
    NotSuspended,
    PersonNotFound,
    RankTooLow,
)
from gatehouse.organizations.events import (
    MemberAdded,
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    MemberSuspended,
    MemberUnsuspended,
)
from gatehouse.organizations.models import Member
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import find_member, get_member, has_other_owner
from gatehouse.organizations.rules import may_give, may_touch
from gatehouse.organizations.service.organizations import (
    hold_as,
    refuse_stale_for_owners,
    refuse_unproven,
)


def add_member(ctx: Context, org_id: UUID, *, email: str, role: Role) -> Member:
    """Add an existing account.

    Raises PersonNotFound, AlreadyMember, RankTooLow, EmailNotVerified.

    An account whose address is not proven may be a stranger's: it is like none.
    """
    user = find_account_by_email(ctx, email)
    if user is not None:
        user = hold_account(ctx, user.id)  # Before the organization, as a deletion does.
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    if not may_give(acting, role):
        raise RankTooLow
    refuse_unproven(ctx)
    refuse_stale_for_owners(ctx, role)
    if user is not None and find_member(ctx, org_id, user.id) is not None:
        raise AlreadyMember
    if user is None or not is_proven(ctx, user):
        raise PersonNotFound
    member = Member(
        org_id=org_id,
        user_id=user.id,
        role=role,
        invited_by_id=ctx.user_id,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.db.add(member)
    ctx.db.flush()
    ctx.forget(user.id)
    record(ctx, MemberAdded(org_id=org_id, user_id=user.id, member_id=member.id, role=role))
    return get_member(ctx, org_id, user.id)


def change_role(ctx: Context, org_id: UUID, user_id: UUID, *, role: Role) -> Member:
    """Change a member's role. Raises RankTooLow, LastOwner."""
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    member = get_member(ctx, org_id, user_id)
    if not (may_touch(acting, member.role) and may_give(acting, role)):
        raise RankTooLow
    if member.role is role:
        return member
    refuse_stale_for_owners(ctx, member.role, role)
    if member.role is Role.OWNER:
        _refuse_for_last_owner(ctx, org_id, user_id)
    old_role, member.role, member.updated_at = member.role, role, ctx.now
    ctx.forget(user_id)
    event = MemberRoleChanged(
        org_id=org_id, user_id=user_id, member_id=member.id, old_role=old_role, new_role=role
    )
    record(ctx, event)
    return member


def remove_member(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    """Take a member out. Raises RankTooLow, LastOwner."""
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    member = get_member(ctx, org_id, user_id)
    if not may_touch(acting, member.role):
        raise RankTooLow
    refuse_stale_for_owners(ctx, member.role)
    _take_out(ctx, member)
    record(ctx, MemberRemoved(org_id=org_id, user_id=user_id, member_id=member.id))


def leave(ctx: Context, org_id: UUID) -> None:
    """Take oneself out. Raises LastOwner."""
    hold_as(ctx, org_id, OrganizationPermission.LEAVE)
    member = get_member(ctx, org_id, ctx.user_id)
    _take_out(ctx, member)
    record(ctx, MemberLeft(org_id=org_id, user_id=ctx.user_id, member_id=member.id))


def suspend_member(ctx: Context, org_id: UUID, user_id: UUID) -> Member:
    """Bar a member until somebody gives the membership back.

    Raises AlreadySuspended, NotOnYourself, LastOwner.
    """
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    if user_id == ctx.user_id and acting is Role.OWNER:
        _refuse_for_last_owner(ctx, org_id, user_id)
    member = hold_other_member(ctx, org_id, user_id)
    if member.suspended_at is not None:
        raise AlreadySuspended
    if member.role is Role.OWNER:
        _refuse_for_last_owner(ctx, org_id, user_id)
    bar(ctx, member)
    return member


def unsuspend_member(ctx: Context, org_id: UUID, user_id: UUID) -> Member:
    """Give a membership back as it was. Raises NotSuspended."""
    member = hold_other_member(ctx, org_id, user_id)
    if member.suspended_at is None:
        raise NotSuspended
    let_in_again(ctx, member)
    return member


def bar(ctx: Context, member: Member) -> None:
    """Suspend a membership of an organization that is held."""
    member.suspended_at = member.updated_at = ctx.now
    ctx.forget(member.user_id)
    event = MemberSuspended(org_id=member.org_id, user_id=member.user_id, member_id=member.id)
    record(ctx, event)


def let_in_again(ctx: Context, member: Member) -> None:
    """Give back a membership of an organization that is held."""
    member.suspended_at, member.updated_at = None, ctx.now
    ctx.forget(member.user_id)
    event = MemberUnsuspended(org_id=member.org_id, user_id=member.user_id, member_id=member.id)
    record(ctx, event)


def hold_other_member(ctx: Context, org_id: UUID, user_id: UUID) -> Member:
    """A member whom the caller may bar, in an organization that is held from here on.

    Raises NotOnYourself, MemberNotFound, RankTooLow.
    """
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    if user_id == ctx.user_id:
        raise NotOnYourself
    member = get_member(ctx, org_id, user_id)
    if not may_touch(acting, member.role):
        raise RankTooLow
    refuse_stale_for_owners(ctx, member.role)
    return member


def _take_out(ctx: Context, member: Member) -> None:
    if member.role is Role.OWNER:
        _refuse_for_last_owner(ctx, member.org_id, member.user_id)
    member.deleted_at = member.updated_at = ctx.now
    ctx.forget(member.user_id)


def _refuse_for_last_owner(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    if not has_other_owner(ctx, org_id, user_id):
        raise LastOwner
