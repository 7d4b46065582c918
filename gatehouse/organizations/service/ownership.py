"""Handing an organization over, and what becomes of it when its owner's account goes."""

from uuid import UUID

from gatehouse.accounts.errors import UserIsSoleOwner
from gatehouse.accounts.models import AccountStatus
from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.errors import MembershipSuspended
from gatehouse.core.roles import Role
from gatehouse.organizations.errors import CannotOwnNow, NotOnYourself
from gatehouse.organizations.events import MemberAdded, OwnershipTransferred
from gatehouse.organizations.models import Member
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import (
    count_members,
    find_member,
    get_member,
    has_other_owner,
    places_to_leave,
)
from gatehouse.organizations.service.organizations import (
    find_and_lock,
    hold_as,
    lock_organization,
    remove_organization,
)


def transfer_ownership(ctx: Context, org_id: UUID, *, new_owner_id: UUID) -> tuple[Member, Member]:
    """Make a member owner and the caller admin, in one act. Returns (previous, new) owner."""
    hold_as(ctx, org_id, OrganizationPermission.TRANSFER)
    if new_owner_id == ctx.user_id:
        raise NotOnYourself
    previous = get_member(ctx, org_id, ctx.user_id)
    new = get_member(ctx, org_id, new_owner_id)
    if new.suspended_at is not None:
        raise MembershipSuspended("This member is suspended and cannot become the owner.")
    if new.user.status is not AccountStatus.ACTIVE:
        raise CannotOwnNow
    new.role, previous.role = Role.OWNER, Role.ADMIN
    new.updated_at = previous.updated_at = ctx.now
    ctx.forget(ctx.user_id, new_owner_id)
    event = OwnershipTransferred(org_id=org_id, user_id=new_owner_id, previous_owner_id=ctx.user_id)
    record(ctx, event)
    return previous, new


def seat_owner(ctx: Context, org_id: UUID, user_id: UUID) -> Member:
    """Put an owner into an organization that has lost its own: the operators' way to help."""
    lock_organization(ctx, org_id)
    member = Member(
        org_id=org_id, user_id=user_id, role=Role.OWNER, created_at=ctx.now, updated_at=ctx.now
    )
    ctx.db.add(member)
    ctx.db.flush()
    ctx.forget(user_id)
    event = MemberAdded(org_id=org_id, user_id=user_id, member_id=member.id, role=Role.OWNER)
    record(ctx, event)
    return member


def end_memberships(ctx: Context, user_id: UUID) -> dict[str, list[str]]:
    """Take a person whose account goes out of every organization.

    What only they were in goes with them. Raises UserIsSoleOwner for what others would be left in
    without an owner.
    """
    orphans: list[dict[str, str]] = []
    left: list[str] = []
    deleted: list[str] = []
    for org_id in places_to_leave(ctx, user_id):
        organization = find_and_lock(ctx, org_id)
        place = find_member(ctx, org_id, user_id)  # As it is now that nothing can change it.
        if organization is None or place is None:  # It went a moment ago.
            continue
        is_needed = place.role is Role.OWNER and not has_other_owner(ctx, org_id, user_id)
        if is_needed and count_members(ctx, org_id) > 1:
            orphans.append({"id": str(organization.id), "name": organization.name})
        elif is_needed:
            remove_organization(ctx, organization)
            deleted.append(str(org_id))
        else:
            place.deleted_at = place.updated_at = ctx.now
            left.append(str(org_id))
    if orphans:
        raise UserIsSoleOwner(organizations=orphans)
    return {"organizations_left": left, "organizations_deleted": deleted}
