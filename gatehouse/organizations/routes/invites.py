"""HTTP for invitations. They are accepted in the login domain: accepting may open an account."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.accounts.queries import own_account
from gatehouse.core.access import public, requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import ReauthenticationRequired
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window, paginate, paginate_list
from gatehouse.core.rate_limit import limited
from gatehouse.core.roles import Role
from gatehouse.organizations import queries, service
from gatehouse.organizations.errors import (
    AlreadyMember,
    EmailNotVerified,
    InviteInvalid,
    InvitePending,
)
from gatehouse.organizations.models import Invite
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.schemas import (
    InviteIn,
    InviteOut,
    OfferOut,
    OwnInviteOut,
)

api = Api("invites", at="/organizations/<uuid:org_id>/invites", about="Who is invited.")
offers = Api("offers", about="Invitations, as those who were invited see them.")


@api.post()
@requires(OrganizationPermission.MANAGE_MEMBERS)
@limited("30/minute;200/hour;500/day", per="user")
@body(InviteIn)
@returns(InviteOut, HTTPStatus.CREATED, key="invite")
@raises(EmailNotVerified, ReauthenticationRequired, AlreadyMember, InvitePending)
def create_invite(ctx: Context, org_id: UUID, *, email: str, role: Role) -> Invite:
    """Invite somebody by their address. The link goes there alone, and holds for 7 days."""
    return service.invite(ctx, org_id, email=email, role=role)


@api.get()
@requires(OrganizationPermission.MANAGE_MEMBERS)
@query(Window)
@returns(InviteOut, key="invites", paged=True)
def list_invites(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[Invite]:
    """List the invitations that nobody has accepted yet."""
    return paginate(ctx, queries.invites_of(org_id), page=page, per_page=per_page)


@api.post("/<uuid:invite_id>/resend")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@limited("30/minute;200/hour;500/day", per="user")
@returns(InviteOut, key="invite")
@raises(EmailNotVerified, ReauthenticationRequired)
def resend_invite(ctx: Context, org_id: UUID, invite_id: UUID) -> Invite:
    """Mail an invitation once more, for 7 days from now. Links of older mails are void."""
    return service.resend_invite(ctx, org_id, invite_id)


@api.delete("/<uuid:invite_id>")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(None)
def revoke_invite(ctx: Context, org_id: UUID, invite_id: UUID) -> None:
    """Take an invitation back."""
    service.revoke_invite(ctx, org_id, invite_id)


@offers.get("/invites/<token>")
@public
@limited("30/minute;200/hour")
@returns(OfferOut)
@raises(InviteInvalid)
def read_invite(ctx: Context, token: str) -> dict[str, Any]:
    """Read what an invitation offers. Reading uses nothing up."""
    row = service.look_at_invite(ctx, token)
    return {
        "email": row.email,
        "organization": {"id": row.org_id, "name": row.organization_name},
        "role": row.role,
        "expires_at": row.expires_at,
        "user_exists": row.has_account,
    }


@offers.get("/users/me/invites")
@signed_in
@query(Window)
@returns(OwnInviteOut, key="invites", paged=True)
def list_own_invites(ctx: Context, **window: int) -> Page[dict[str, Any]]:
    """List what is offered to your verified address: the newest 50 at most."""
    return paginate_list(service.own_invites(ctx, own_account(ctx)), **window)
