"""What follows acts on organizations, and what is purged."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from gatehouse.accounts.events import AccountDeleted
from gatehouse.accounts.queries import find_account, is_proven, mailbox_of
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, during, every, on
from gatehouse.mail.rules import name_in_mail
from gatehouse.mail.service import is_too_many, is_too_many_by, sending
from gatehouse.organizations import emails, queries, service
from gatehouse.organizations.events import InviteCreated, InviteResent, MemberAdded

Later = list[Callable[[Ports], None]]


@during(AccountDeleted)
def end_memberships_of_a_deleted_account(
    ctx: Context, event: AccountDeleted
) -> dict[str, list[str]]:
    return service.end_memberships(ctx, event.user_id)


@on(InviteCreated)
def mail_the_invitation(ctx: Context, event: InviteCreated, message: Received) -> Later:
    return _mail_invite(ctx, event.invite_id, message)


@on(InviteResent)
def mail_the_invitation_again(ctx: Context, event: InviteResent, message: Received) -> Later:
    return _mail_invite(ctx, event.invite_id, message)


@on(MemberAdded)
def tell_the_new_member(ctx: Context, event: MemberAdded, message: Received) -> Later:
    """One too many is dropped: it is no news an hour later."""
    box = ctx.glance(mailbox_of(event.user_id))
    if box is None or not is_proven(ctx, box):
        return []
    if is_too_many(ctx, message, box.email_key, of="places"):
        return []
    member = queries.find_member(ctx, event.org_id, event.user_id)
    if member is None or member.invited_by_id == event.user_id:
        return []
    mail = emails.member_added_mail(
        organization=queries.get_organization(ctx, event.org_id).name,
        role=member.role,
        inviter=_name_of(ctx, member.invited_by_id),
    )
    return sending(ctx, message, mail, to=member.user.email)


@every(timedelta(hours=6))
def purge_invites(ctx: Context) -> int:
    """Delete invitations that ran out a month ago, in small batches."""
    return service.purge_invites(ctx)


@every(timedelta(hours=6))
def purge_organizations(ctx: Context) -> int:
    """Delete places and organizations that were left or deleted 90 days ago, in small batches."""
    return service.purge_organizations(ctx)


def _mail_invite(ctx: Context, invite_id: UUID, message: Received) -> Later:
    """Mail the link as it is now, unless it was taken back, accepted, or sent again since: then a
    later message brings it, and those that wait do not pile up.
    """
    row = ctx.glance(queries.invite_row(invite_id))
    if row is None or not service.still_holds(ctx, row):
        return []
    if service.was_sent_after(row, message.happened_at):
        return []
    senders = (row.org_id, row.invited_by_id)
    if is_too_many_by(ctx, message, row.email_key, by=senders, of="invitations"):
        return []
    mail = emails.invite_mail(
        organization=row.organization_name,
        role=row.role,
        inviter=_name_of(ctx, row.invited_by_id),
        link=service.web_address_of(ctx, row),
    )
    return sending(ctx, message, mail, to=row.email)


def _name_of(ctx: Context, user_id: UUID | None) -> str | None:
    user = find_account(ctx, user_id) if user_id else None
    if user is None:
        return None
    return name_in_mail(user.full_name) if user.full_name else user.email


HANDLERS = (mail_the_invitation, mail_the_invitation_again, tell_the_new_member)
