"""HTTP for members."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, requires
from gatehouse.core.context import Context
from gatehouse.core.errors import ReauthenticationRequired
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window, paginate
from gatehouse.core.rate_limit import limited
from gatehouse.core.roles import Role
from gatehouse.organizations import queries, service
from gatehouse.organizations.errors import (
    AlreadyMember,
    CannotOwnNow,
    EmailNotVerified,
    LastOwner,
    PersonNotFound,
)
from gatehouse.organizations.models import Member
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.schemas import (
    MemberIn,
    MemberOut,
    RoleIn,
    RolesOut,
    TransferIn,
    TransferOut,
)

api = Api("members", at="/organizations/<uuid:org_id>", about="Who is in an organization.")


@api.get("/members")
@requires(OrganizationPermission.READ_MEMBERS)
@query(Window)
@returns(MemberOut, key="members", paged=True)
def list_members(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[dict[str, Any]]:
    """List the members. Addresses are shown to those who manage members."""
    found = paginate(ctx, queries.members_of(org_id), page=page, per_page=per_page)
    shows_addresses = queries.may_read_addresses(ctx, org_id)
    return found.map(lambda member: _shown(ctx, member, shows_addresses=shows_addresses))


@api.get("/roles")
@requires(OrganizationPermission.READ_MEMBERS)
@returns(RolesOut)
def count_roles(ctx: Context, org_id: UUID) -> dict[str, Any]:
    """Say how many members hold each role."""
    counts = queries.count_by_role(ctx, org_id)
    roles = [{"role": role, "member_count": count} for role, count in counts.items()]
    return {"organization_id": org_id, "roles": roles}


@api.post("/members")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@limited("60/minute;600/hour", per="user")
@body(MemberIn)
@returns(MemberOut, HTTPStatus.CREATED, key="member")
@raises(EmailNotVerified, ReauthenticationRequired, PersonNotFound, AlreadyMember)
def add_member(ctx: Context, org_id: UUID, *, email: str, role: Role) -> dict[str, Any]:
    """Add somebody who has an account. Only an owner makes owners."""
    return _shown(ctx, service.add_member(ctx, org_id, email=email, role=role))


@api.delete("/members/<uuid:user_id>")
@requires(OrganizationPermission.LEAVE)
@returns(None)
@raises(ReauthenticationRequired, LastOwner)
def remove_member(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    """Take a member out, or leave. Only an owner removes owners."""
    if user_id == ctx.user_id:
        service.leave(ctx, org_id)
    else:
        service.remove_member(ctx, org_id, user_id)


@api.patch("/members/<uuid:user_id>/role")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@body(RoleIn)
@returns(MemberOut, key="member")
@raises(ReauthenticationRequired, LastOwner)
def change_role(ctx: Context, org_id: UUID, user_id: UUID, *, role: Role) -> dict[str, Any]:
    """Change a member's role. Only an owner makes and unmakes owners."""
    return _shown(ctx, service.change_role(ctx, org_id, user_id, role=role))


@api.post("/members/<uuid:user_id>/suspend")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(MemberOut, key="member")
@raises(ReauthenticationRequired, LastOwner)
def suspend_member(ctx: Context, org_id: UUID, user_id: UUID) -> dict[str, Any]:
    """Bar a member from this organization until you give the membership back."""
    return _shown(ctx, service.suspend_member(ctx, org_id, user_id))


@api.post("/members/<uuid:user_id>/unsuspend")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(MemberOut, key="member")
@raises(ReauthenticationRequired, LastOwner)
def unsuspend_member(ctx: Context, org_id: UUID, user_id: UUID) -> dict[str, Any]:
    """Give a suspended membership back."""
    return _shown(ctx, service.unsuspend_member(ctx, org_id, user_id))


@api.post("/leave")
@requires(OrganizationPermission.LEAVE)
@returns(None)
@raises(LastOwner)
def leave_organization(ctx: Context, org_id: UUID) -> None:
    """Leave an organization."""
    service.leave(ctx, org_id)


@api.post("/transfer-ownership")
@requires(OrganizationPermission.TRANSFER)
@elevated
@body(TransferIn)
@returns(TransferOut)
@raises(CannotOwnNow)
def transfer_ownership(ctx: Context, org_id: UUID, *, new_owner_user_id: UUID) -> dict[str, Any]:
    """Make a member the owner; you become an admin. Needs a sign-in within 10 minutes."""
    previous, new = service.transfer_ownership(ctx, org_id, new_owner_id=new_owner_user_id)
    return {"previous_owner": _shown(ctx, previous), "new_owner": _shown(ctx, new)}


def _shown(ctx: Context, member: Member, *, shows_addresses: bool = True) -> dict[str, Any]:
    return {
        "id": member.id,
        "user_id": member.user_id,
        "organization_id": member.org_id,
        "role": member.role,
        "is_suspended": member.suspended_at is not None,
        "joined_at": member.created_at,
        "invited_by_id": member.invited_by_id,
        "invited_at": member.created_at if member.invited_by_id else None,
        "created_at": member.created_at,
        "updated_at": member.updated_at,
        "user": queries.as_seen_by(ctx, member.user, shows_addresses=shows_addresses),
    }
