"""What follows acts on accounts: mails, each made when it is sent; and what is purged."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from gatehouse.accounts import emails, service
from gatehouse.accounts.events import (
    AccountCreatedFor,
    AccountDisowned,
    AccountLocked,
    AccountRegistered,
    EmailChangeAsked,
    EmailChanged,
    EmailChangeUndone,
    LinkAsked,
    LinkPurpose,
    LinkSent,
    PasswordChanged,
    PasswordReset,
)
from gatehouse.accounts.models import User
from gatehouse.accounts.queries import (
    hold_account,
    hold_account_by_email,
    is_proven,
    link_row,
    mailbox_by_email,
    mailbox_of,
)
from gatehouse.accounts.rules import email_key
from gatehouse.accounts.service import (
    asked_address,
    purge_links,
    purpose_for,
    renew_link,
    usable_link,
    web_address_for,
    web_address_of,
)
from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, every, on
from gatehouse.mail.service import Mail, is_told_today, is_too_many, refuse_to_flood, sending

Later = list[Callable[[Ports], None]]


@on(LinkAsked)
def mail_the_link_that_was_asked_for(ctx: Context, event: LinkAsked, message: Received) -> Later:
    """One link too many is dropped: a newer one voids it, and whoever needs it asks again."""
    address = asked_address(ctx, event)
    box: Any = ctx.glance(mailbox_by_email(address))
    if purpose_for(box, event.purpose) is None or is_too_many(ctx, message, email_key(address)):
        return []
    user = hold_account_by_email(ctx, address)
    purpose = purpose_for(user, event.purpose)
    if user is None or purpose is None:
        return []
    return _mail_link(ctx, message, user, purpose)


@on(AccountRegistered)
def mail_a_link_to_verify(ctx: Context, event: AccountRegistered, message: Received) -> Later:
    _refuse_to_flood(ctx, message, event.user_id)
    user = hold_account(ctx, event.user_id)
    purpose = purpose_for(user, LinkPurpose.VERIFY)
    if user is None or purpose is None:
        return []
    return _mail_link(ctx, message, user, purpose)


@on(AccountCreatedFor)
def mail_a_link_to_claim(ctx: Context, event: AccountCreatedFor, message: Received) -> Later:
    return _mail_link_to_claim(ctx, message, event.user_id)


@on(AccountDisowned)
def mail_a_link_to_claim_what_was_disowned(
    ctx: Context, event: AccountDisowned, message: Received
) -> Later:
    return _mail_link_to_claim(ctx, message, event.user_id)


@on(EmailChangeAsked)
def ask_the_new_address_and_warn_the_old(
    ctx: Context, event: EmailChangeAsked, message: Received
) -> Later:
    """What is one too many is dropped: the old address was warned before, the new one asked.

    Warnings have a count of their own, which no other notice uses up; each of them holds a link
    that stops every change.
    """
    row = ctx.glance(link_row(event.link_id))
    if row is None or row.used_at is not None or row.address is None:
        return []
    # Who asked again has the newest link alone, and one mail with it: that of the last message.
    is_newest = row.created_at <= message.happened_at
    # Both are decided before an address of a link is made, which begins the transaction.
    asks = is_newest and _is_free(ctx, row)
    asks = asks and not is_too_many(ctx, message, email_key(row.address))
    stop = event.way_back_id
    if stop is not None and is_too_many(ctx, message, row.email_key, of="changes"):
        stop = None
    later: Later = []
    if stop is not None:
        link = web_address_of(ctx, stop)
        warning = emails.email_change_asked_mail(
            link=link, ip=ctx.origin.ip, when=message.happened_at
        )
        later += sending(ctx, message, warning, to=row.email, part="old")
    if asks:
        mail = emails.confirm_email_mail(link=web_address_of(ctx, event.link_id))
        later += sending(ctx, message, mail, to=row.address, part="new")
    return later


@on(EmailChanged)
def tell_the_old_address_the_way_back(
    ctx: Context, event: EmailChanged, message: Received
) -> Later:
    """At once, however much was mailed there: the way back must not come late. Few can come, as
    each takes a link that was asked for and confirmed.
    """
    row = ctx.glance(link_row(event.link_id)) if event.link_id else None
    if row is None or row.address is None or row.used_at is not None:
        return []
    mail = emails.email_changed_mail(
        link=web_address_of(ctx, row.id), ip=ctx.origin.ip, when=message.happened_at
    )
    return sending(ctx, message, mail, to=row.address)


@on(EmailChangeUndone)
def mail_a_link_and_tell_the_address_that_was_left(
    ctx: Context, event: EmailChangeUndone, message: Received
) -> Later:
    row = ctx.db.execute(link_row(event.link_id)).first()
    user = hold_account(ctx, row.user_id) if row else None
    if row is None or user is None or row.address is None:
        return []
    later: Later = []
    if purpose_for(user, LinkPurpose.RESET) is LinkPurpose.RESET:
        link = _newest_link(ctx, message, user, LinkPurpose.RESET)
        mail = emails.email_change_undone_mail(
            link=link, ip=ctx.origin.ip, when=message.happened_at
        )
        later += sending(ctx, message, mail, to=user.email, part="old")
    if email_key(row.address) != user.email_key:
        notice = emails.address_taken_back_mail(ip=ctx.origin.ip, when=message.happened_at)
        later += sending(ctx, message, notice, to=row.address, part="new")
    return later


@on(PasswordChanged)
def tell_of_a_changed_password(ctx: Context, event: PasswordChanged, message: Received) -> Later:
    mail = emails.password_changed_mail(ip=ctx.origin.ip, when=message.happened_at)
    return _tell(ctx, message, event.user_id, mail)


@on(PasswordReset)
def tell_of_a_reset_password(ctx: Context, event: PasswordReset, message: Received) -> Later:
    mail = emails.password_changed_mail(ip=ctx.origin.ip, when=message.happened_at)
    return _tell(ctx, message, event.user_id, mail)


@on(AccountLocked)
def tell_of_a_locked_account(ctx: Context, event: AccountLocked, message: Received) -> Later:
    """Tell it once a day: whoever knows an address could have four mails sent there an hour.

    It uses up nothing of what other notices may be. A known device that is locked is other news.
    """
    box = ctx.glance(mailbox_of(event.user_id)) if event.user_id else None
    kind = "locks of known devices" if event.is_known_device else "locks"
    if box is None or not is_proven(ctx, box):
        return []
    if is_told_today(ctx, message, box.email_key, of=kind):
        return []
    mail = emails.account_locked_mail(
        minutes=event.minutes, ip=ctx.origin.ip, when=message.happened_at
    )
    return sending(ctx, message, mail, to=box.email)


@every(timedelta(hours=6))
def purge_accounts(ctx: Context) -> int:
    """Delete what is left of accounts that were deleted 90 days ago, in small batches."""
    return service.purge_accounts(ctx)


@every(timedelta(hours=1))
def purge_account_links(ctx: Context) -> int:
    """Delete links that ran out a day ago, in small batches."""
    return purge_links(ctx)


def _is_free(ctx: Context, row: Any) -> bool:
    """Whether the address that a link is to confirm is nobody else's by now."""
    holder = ctx.glance(mailbox_by_email(row.address))
    return holder is None or holder.id == row.user_id


def _mail_link_to_claim(ctx: Context, message: Received, user_id: UUID) -> Later:
    """The command behind it may have shown a link already: that one goes out."""
    _refuse_to_flood(ctx, message, user_id)
    user = hold_account(ctx, user_id)
    if user is None or user.activated:
        return []
    return _mail_link(ctx, message, user, LinkPurpose.ACTIVATE, keeps=True)


def _mail_link(
    ctx: Context, message: Received, user: User, purpose: LinkPurpose, *, keeps: bool = False
) -> Later:
    """Mail the newest link of an account that is held."""
    address = _newest_link(ctx, message, user, purpose, keeps=keeps)
    return sending(ctx, message, _letter_for(ctx, purpose, address), to=user.email)


def _newest_link(
    ctx: Context, message: Received, user: User, purpose: LinkPurpose, *, keeps: bool = False
) -> str:
    """Make the newest link of an account that is held. A second try of a message keeps it."""
    link = usable_link(ctx, user, purpose) if keeps or message.is_retry else None
    if link is None:
        link = renew_link(ctx, user, purpose)
        record(ctx, LinkSent(user_id=user.id, purpose=purpose))
    return web_address_for(ctx, user, link)


def _letter_for(ctx: Context, purpose: LinkPurpose, link: str) -> Mail:
    if purpose is LinkPurpose.RESET:
        return emails.reset_password_mail(link=link, ip=ctx.origin.ip)
    if purpose is LinkPurpose.ACTIVATE:
        return emails.activate_mail(link=link)
    return emails.verify_email_mail(link=link)


def _tell(ctx: Context, message: Received, user_id: UUID | None, mail: Mail) -> Later:
    """Tell whoever has proven the address. Anybody else may be a stranger to the account."""
    box = ctx.glance(mailbox_of(user_id)) if user_id else None
    if box is None or not is_proven(ctx, box):
        return []
    refuse_to_flood(ctx, message, box.email_key, of="notices")
    return sending(ctx, message, mail, to=box.email)


def _refuse_to_flood(ctx: Context, message: Received, user_id: UUID) -> None:
    box = ctx.glance(mailbox_of(user_id))
    if box is not None:
        refuse_to_flood(ctx, message, box.email_key)


HANDLERS = (
    mail_the_link_that_was_asked_for,
    mail_a_link_to_verify,
    mail_a_link_to_claim,
    mail_a_link_to_claim_what_was_disowned,
    ask_the_new_address_and_warn_the_old,
    tell_the_old_address_the_way_back,
    mail_a_link_and_tell_the_address_that_was_left,
    tell_of_a_changed_password,
    tell_of_a_reset_password,
    tell_of_a_locked_account,
)
