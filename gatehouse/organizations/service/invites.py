"""Inviting people by their address, and taking an invitation at most once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update

from gatehouse.accounts.models import User
from gatehouse.accounts.queries import get_account
from gatehouse.accounts.rules import email_key
from gatehouse.audit.service import record
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.core.crypto import same
from gatehouse.core.links import address_of_link, mint_link, new_nonce, row_of_link
from gatehouse.core.roles import Role
from gatehouse.organizations.errors import (
    AlreadyMember,
    InviteInvalid,
    InvitePending,
    OrganizationNotFound,
    RankTooLow,
)
from gatehouse.organizations.events import (
    InviteAccepted,
    InviteCreated,
    InviteResent,
    InviteRevoked,
)
from gatehouse.organizations.models import Invite, Member
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import (
    find_member,
    get_pending_invite,
    has_place,
    invite_row,
    pending_invites_of,
)
from gatehouse.organizations.rules import may_give
from gatehouse.organizations.service.organizations import (
    hold_as,
    lock_organization,
    refuse_stale_for_owners,
    refuse_unproven,
)

PREFIX = "ghi_"
LIFE = timedelta(days=7)
KEPT = timedelta(days=30)
BATCH = 1000


def invite(ctx: Context, org_id: UUID, *, email: str, role: Role) -> Invite:
    """Offer a place to an address.

    Raises RankTooLow, EmailNotVerified, AlreadyMember, InvitePending.
    """
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    if not may_give(acting, role):
        raise RankTooLow
    refuse_unproven(ctx)
    refuse_stale_for_owners(ctx, role)
    if has_place(ctx, org_id, email):
        raise AlreadyMember
    _make_room(ctx, org_id, email_key(email))
    made = Invite(
        org_id=org_id,
        email=email,
        email_key=email_key(email),
        role=role,
        nonce=new_nonce(),
        invited_by_id=ctx.user_id,
        created_at=ctx.now,
        expires_at=ctx.now + LIFE,
    )
    ctx.db.add(made)
    ctx.db.flush()
    record(ctx, InviteCreated(org_id=org_id, invite_id=made.id, role=role))
    return made


def resend_invite(ctx: Context, org_id: UUID, invite_id: UUID) -> Invite:
    """Mail it once more, as the caller's. The link of the mail before is void.

    Raises InviteNotFound, RankTooLow, EmailNotVerified.
    """
    made = _touchable(ctx, org_id, invite_id)
    refuse_unproven(ctx)
    refuse_stale_for_owners(ctx, made.role)
    made.nonce, made.expires_at = new_nonce(), ctx.now + LIFE
    made.invited_by_id = ctx.user_id
    record(ctx, InviteResent(org_id=org_id, invite_id=made.id))
    return made


def revoke_invite(ctx: Context, org_id: UUID, invite_id: UUID) -> None:
    """Take it back. Raises InviteNotFound, RankTooLow."""
    made = _touchable(ctx, org_id, invite_id)
    made.deleted_at = ctx.now
    record(ctx, InviteRevoked(org_id=org_id, invite_id=made.id))


def look_at_invite(ctx: Context, token: str) -> Row[Any]:
    """What an invitation offers. Looking uses nothing up. Raises InviteInvalid."""
    invite_id = row_of_link(token, PREFIX)
    return _judged(ctx, ctx.db.execute(invite_row(invite_id)).first() if invite_id else None, token)


def find_invite(ctx: Context, token: str) -> Row[Any] | None:
    """The same for a page, and None if it does not hold."""
    try:
        return look_at_invite(ctx, token)
    except InviteInvalid:
        return None


def glance_at_invite(ctx: Context, token: str) -> Row[Any]:
    """The same before the transaction, for what is slow in between."""
    invite_id = row_of_link(token, PREFIX)
    return _judged(ctx, ctx.glance(invite_row(invite_id)) if invite_id else None, token)


def take_invite(ctx: Context, token: str, user: User) -> Member:
    """Make the invited person a member; of many at once, one succeeds. Hold the account before.

    Raises InviteInvalid, AlreadyMember.
    """
    offered = look_at_invite(ctx, token)
    try:
        lock_organization(ctx, offered.org_id)
    except OrganizationNotFound:
        raise InviteInvalid from None
    offered = look_at_invite(ctx, token)  # Again: whoever invited may have lost the right.
    pending = update(Invite).where(
        Invite.id == offered.id,
        Invite.nonce == offered.nonce,
        Invite.accepted_at.is_(None),
        Invite.expires_at > ctx.now,
    )
    if not ctx.execute(pending.values(accepted_at=ctx.now)):
        raise InviteInvalid
    if find_member(ctx, offered.org_id, user.id) is not None:
        raise AlreadyMember
    return _seated(ctx, offered, user)


def token_of(ctx: Context, row: Any) -> str:
    """The token of an invitation, for its mail and for the holder of its address."""
    version = "\n".join((str(row.org_id), row.email_key, row.role.value))
    return mint_link(ctx.settings, PREFIX, row.id, row.nonce, version)


def web_address_of(ctx: Context, row: Any) -> str:
    return address_of_link(ctx.settings, "invite", token_of(ctx, row))


def own_invites(ctx: Context, user: User) -> list[dict[str, Any]]:
    """What is offered to a person. Nothing is told before the address is verified."""
    return [
        {
            "token": token_of(ctx, row),
            "organization": {"id": row.org_id, "name": row.organization_name},
            "role": row.role,
            "expires_at": row.expires_at,
        }
        for row in _offered_to(ctx, user)
    ]


def invitations(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """The same for an export. What was accepted is told as a membership, to whoever has it."""
    return [
        {
            "organization_id": row.org_id,
            "organization": row.organization_name,
            "role": row.role,
            "expires_at": row.expires_at,
        }
        for row in _offered_to(ctx, get_account(ctx, user_id))
    ]


def _offered_to(ctx: Context, user: User) -> list[Row[Any]]:
    if not user.email_verified:
        return []
    inviters = [role for role in Role if may(ctx, role, OrganizationPermission.MANAGE_MEMBERS)]
    pending = pending_invites_of(user.email_key, ctx.now, inviters)
    return [row for row in ctx.db.execute(pending) if still_holds(ctx, row)]


def still_holds(ctx: Context, row: Any) -> bool:
    """Whether it has not run out, and whoever invited could still give the place."""
    role = row.inviter_role
    if row.expires_at <= ctx.now or role is None:
        return False
    return may(ctx, role, OrganizationPermission.MANAGE_MEMBERS) and may_give(role, row.role)


def was_sent_after(row: Any, moment: datetime) -> bool:
    """Whether it was sent, for the first time or again, later than at this moment."""
    sent_at: datetime = row.expires_at - LIFE
    return sent_at > moment


def purge_invites(ctx: Context) -> int:
    """Delete a batch of what ran out a month ago. Returns how many there were."""
    over = select(Invite.id).where(Invite.expires_at < ctx.now - KEPT).limit(BATCH)
    gone = delete(Invite).where(Invite.id.in_(over.scalar_subquery()))
    return ctx.execute(gone.execution_options(with_removed=True))


def _judged(ctx: Context, row: Row[Any] | None, token: str) -> Row[Any]:
    if row is None or not still_holds(ctx, row) or not same(token, token_of(ctx, row)):
        raise InviteInvalid
    return row


def _seated(ctx: Context, offered: Row[Any], user: User) -> Member:
    member = Member(
        org_id=offered.org_id,
        user_id=user.id,
        role=offered.role,
        invited_by_id=offered.invited_by_id,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.db.add(member)
    ctx.db.flush()
    ctx.forget(user.id)
    event = InviteAccepted(
        org_id=offered.org_id,
        user_id=user.id,
        invite_id=offered.id,
        member_id=member.id,
        role=offered.role,
    )
    record(ctx, event)
    return member


def _make_room(ctx: Context, org_id: UUID, key: str) -> None:
    """Remove an invitation that ran out. Raises InvitePending if one still holds."""
    found = ctx.db.scalar(
        select(Invite).where(
            Invite.org_id == org_id, Invite.email_key == key, Invite.accepted_at.is_(None)
        )
    )
    if found is None:
        return
    if found.expires_at > ctx.now:
        raise InvitePending
    found.deleted_at = ctx.now
    ctx.db.flush()


def _touchable(ctx: Context, org_id: UUID, invite_id: UUID) -> Invite:
    """A pending invitation to a role that the caller may give, held with its organization."""
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    made = get_pending_invite(ctx, org_id, invite_id)
    if not may_give(acting, made.role):
        raise RankTooLow
    return made
