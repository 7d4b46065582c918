"""Links that were mailed: making them, and taking each at most once."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, delete, or_, select, update

from gatehouse.accounts.errors import LinkForSomebodyElse, LinkInvalid, LinkNeedsItsAccount
from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.models import AccountLink, AccountStatus, User
from gatehouse.accounts.queries import hold_account, link_row, link_to_keep, password_changed_at
from gatehouse.accounts.rules import email_key
from gatehouse.core.access import refuse_ended
from gatehouse.core.context import Context
from gatehouse.core.crypto import same
from gatehouse.core.links import (
    address_of_link,
    mint_link,
    new_nonce,
    row_of_link,
)

PREFIXES = {
    LinkPurpose.VERIFY: "ghv_",
    LinkPurpose.RESET: "ghr_",
    LinkPurpose.ACTIVATE: "gha_",
    LinkPurpose.CONFIRM: "ghe_",
    LinkPurpose.UNDO: "ghu_",
}
PAGES = {
    LinkPurpose.VERIFY: "verify-email",
    LinkPurpose.RESET: "reset-password",
    LinkPurpose.ACTIVATE: "activate",
    LinkPurpose.CONFIRM: "confirm-email",
    LinkPurpose.UNDO: "undo-email-change",
}
LIVES = {
    LinkPurpose.VERIFY: timedelta(hours=24),
    LinkPurpose.RESET: timedelta(hours=2),
    LinkPurpose.ACTIVATE: timedelta(hours=24),
    LinkPurpose.CONFIRM: timedelta(hours=24),
    LinkPurpose.UNDO: timedelta(days=7),
}

# A new password voids these: whoever is locked out by it must not come back by a link of before.
OF_A_PASSWORD = (LinkPurpose.RESET, LinkPurpose.CONFIRM)
KEPT = timedelta(days=1)
BATCH = 1000


class State(NamedTuple):
    """What a link holds on to, of itself and of its account."""

    purpose: LinkPurpose
    address: str | None
    email_key: str
    status: AccountStatus
    changed_at: datetime | None


def renew_link(
    ctx: Context, user: User, purpose: LinkPurpose, *, address: str | None = None
) -> AccountLink:
    """Make the newest link of this purpose; every older one is void. Hold the account before."""
    link = None if purpose is LinkPurpose.UNDO else link_to_keep(ctx, user.id, purpose)
    if link is None:
        link = AccountLink(user_id=user.id, purpose=purpose)
        ctx.db.add(link)
    link.nonce, link.address = new_nonce(), address
    link.address_key = email_key(address) if address else None
    link.created_at, link.expires_at, link.used_at = ctx.now, ctx.now + LIVES[purpose], None
    ctx.db.flush()
    return link


def web_address_of(ctx: Context, link_id: UUID) -> str:
    """Where the link leads. Made while the mail is: nothing that is stored opens anything."""
    row = ctx.db.execute(link_row(link_id)).one()
    return _web_address(ctx, row, _version(row))


def web_address_for(ctx: Context, user: User, link: AccountLink) -> str:
    """The same for a link whose account is held, so that there is less to ask for."""
    now = State(
        purpose=link.purpose,
        address=link.address,
        email_key=user.email_key,
        status=user.status,
        changed_at=password_changed_at(ctx, user.id) if link.purpose in OF_A_PASSWORD else None,
    )
    return _web_address(ctx, link, _version(now))


def look_at_link(ctx: Context, token: str, purpose: LinkPurpose) -> Row[Any]:
    """What the link says, before the transaction and whatever slow work follows.

    Looking uses nothing up. Raises LinkInvalid.
    """
    link_id = row_of_link(token, PREFIXES[purpose])
    row = ctx.glance(link_row(link_id)) if link_id else None
    return _judged(ctx, row, token, purpose, ctx.now)


def find_link(ctx: Context, token: str, purpose: LinkPurpose) -> Row[Any] | None:
    """What the link says, if it can be used now. For a page; nobody can guess a link."""
    try:
        return look_at_link(ctx, token, purpose)
    except LinkInvalid:
        return None


def take_link(ctx: Context, token: str, purpose: LinkPurpose) -> tuple[User, Row[Any]]:
    """Use the link up, and hold its account. Of many at once, one gets it. Raises LinkInvalid."""
    link_id = row_of_link(token, PREFIXES[purpose])
    found = ctx.db.execute(link_row(link_id)).first() if link_id else None
    user = hold_account(ctx, found.user_id) if found else None
    if link_id is None or user is None:
        raise LinkInvalid
    # Judged as it is now that the account is held: somebody may have changed either until then.
    held = ctx.db.execute(link_row(link_id)).first()
    row = _judged(ctx, held, token, purpose, ctx.now)
    used = update(AccountLink).where(
        AccountLink.id == link_id, AccountLink.nonce == row.nonce, AccountLink.used_at.is_(None)
    )
    if not ctx.execute(used.values(used_at=ctx.now)):
        raise LinkInvalid
    return user, row


def refuse_others(ctx: Context, user: User) -> None:
    """For a link that counts only from a session of its account.

    A click shows that somebody has the mailbox, not that the account is theirs: a stranger may
    have given their address. And whoever was thrown out of the account confirms nothing.
    Raises LinkNeedsItsAccount, LinkForSomebodyElse, InvalidToken.
    """
    if ctx.actor.user_id is None:
        raise LinkNeedsItsAccount
    if ctx.actor.user_id != user.id:
        raise LinkForSomebodyElse
    refuse_ended(ctx)


def _judged(
    ctx: Context, row: Row[Any] | None, token: str, purpose: LinkPurpose, now: datetime
) -> Row[Any]:
    if row is None or row.purpose is not purpose:
        raise LinkInvalid
    version = _version(row)
    ours = mint_link(ctx.settings, PREFIXES[purpose], row.id, row.nonce, version)
    if not same(token, ours) or row.used_at is not None or row.expires_at <= now:
        raise LinkInvalid
    return row


def _web_address(ctx: Context, link: Any, version: str) -> str:
    token = mint_link(ctx.settings, PREFIXES[link.purpose], link.id, link.nonce, version)
    return address_of_link(ctx.settings, PAGES[link.purpose], token)


def _version(row: "Row[Any] | State") -> str:
    """What voids the link when it changes: the address it went to, the state it was made for, and
    mostly the password too. The way back from a change of address outlasts all of them.
    """
    if row.purpose is LinkPurpose.UNDO:
        return row.address or ""
    parts = [row.email_key, row.status.value, row.address or ""]
    if row.purpose in OF_A_PASSWORD:
        parts.append(row.changed_at.isoformat() if row.changed_at else "")
    return "\n".join(parts)


def usable_link(ctx: Context, user: User, purpose: LinkPurpose) -> AccountLink | None:
    """The newest link of this purpose, if it can still be used."""
    link = link_to_keep(ctx, user.id, purpose)
    is_usable = link is not None and link.used_at is None and link.expires_at > ctx.now
    return link if is_usable else None


def void_changes_of_address(ctx: Context, user_id: UUID) -> None:
    """Let no address be confirmed that was asked for until now."""
    asked = update(AccountLink).where(
        AccountLink.user_id == user_id,
        AccountLink.purpose == LinkPurpose.CONFIRM,
        AccountLink.used_at.is_(None),
    )
    ctx.execute(asked.values(used_at=ctx.now))


def note_address_left(ctx: Context, row: Row[Any], address: str) -> None:
    """Let a used way back hold the address that the account had, for who is to be told there."""
    used = update(AccountLink).where(AccountLink.id == row.id)
    ctx.execute(used.values(address=address))


def void_ways_back(ctx: Context, row: Row[Any]) -> None:
    """A way back was used: the others to its address are void, and all that were made after it.

    Those lead to addresses of whoever made the changes that were undone.
    """
    others = update(AccountLink).where(
        AccountLink.user_id == row.user_id,
        AccountLink.purpose == LinkPurpose.UNDO,
        AccountLink.used_at.is_(None),
        or_(AccountLink.created_at >= row.created_at, AccountLink.address == row.address),
    )
    ctx.execute(others.values(used_at=ctx.now))


def purge_links(ctx: Context) -> int:
    """Delete a batch of links that ran out a day ago. Returns how many there were."""
    over = select(AccountLink.id).where(AccountLink.expires_at < ctx.now - KEPT).limit(BATCH)
    return ctx.execute(delete(AccountLink).where(AccountLink.id.in_(over.scalar_subquery())))
