"""Changing one's address: the new one is confirmed, the old one is told, and can undo it."""

from uuid import UUID

from sqlalchemy import update

from gatehouse.accounts.errors import LinkInvalid, SameAddress
from gatehouse.accounts.events import (
    AddressReleased,
    EmailChangeAsked,
    EmailChanged,
    EmailChangeUndone,
    LinkPurpose,
)
from gatehouse.accounts.models import AccountLink, AccountStatus, User
from gatehouse.accounts.queries import (
    find_account_by_email,
    hold_own_account,
    is_proven,
    refuse_taken_address,
    ways_back,
)
from gatehouse.accounts.rules import email_key
from gatehouse.accounts.service.links import (
    note_address_left,
    refuse_others,
    renew_link,
    take_link,
    void_changes_of_address,
    void_ways_back,
)
from gatehouse.accounts.service.passwords import (
    confirm_password,
    hold_confirmed_account,
    remove_password,
)
from gatehouse.accounts.service.profile import label
from gatehouse.audit.service import record
from gatehouse.core.access import FreshFactor, refuse_stale
from gatehouse.core.context import Actor, Context


def ask_for_new_address(ctx: Context, *, email: str, password: str | None) -> None:
    """Mail a link to the new address, and a warning to the old one. Nothing changes yet.

    A taken address is answered as a free one. Raises SameAddress, ReauthenticationRequired.
    """
    user = _confirmed(ctx, password)
    if email_key(email) == user.email_key and email == user.email:
        raise SameAddress
    link = renew_link(ctx, user, LinkPurpose.CONFIRM, address=email)
    stop = _way_back(ctx, user)
    record(ctx, EmailChangeAsked(user_id=user.id, link_id=link.id, way_back_id=stop))


def confirm_new_address(ctx: Context, *, token: str, only_own: bool = False) -> User:
    """Make the confirmed address the account's; with ``only_own`` for who is signed in to it.

    Raises LinkInvalid, LinkNeedsItsAccount, LinkForSomebodyElse, EmailTaken, AddressReserved.
    """
    user, row = take_link(ctx, token, LinkPurpose.CONFIRM)
    if user.status is not AccountStatus.ACTIVE:
        raise LinkInvalid
    if only_own:
        refuse_others(ctx, user)
    ctx.actor = Actor("user", user.id)
    way_back = _way_back(ctx, user)
    _move(ctx, user, row.address)
    record(ctx, EmailChanged(user_id=user.id, link_id=way_back))
    return user


def undo_change_of_address(ctx: Context, *, token: str) -> User:
    """Bring the old address back, or keep it if the new one is not confirmed yet.

    Everybody is signed out and the password is void: somebody else may have been in.
    Raises LinkInvalid, EmailTaken.
    """
    user, row = take_link(ctx, token, LinkPurpose.UNDO)
    ctx.actor = Actor("user", user.id)
    note_address_left(ctx, row, user.email)
    _move(ctx, user, row.address)
    remove_password(ctx, user)
    void_changes_of_address(ctx, user.id)
    void_ways_back(ctx, row)
    record(ctx, EmailChangeUndone(user_id=user.id, link_id=row.id))
    return user


def release_address(ctx: Context, email: str) -> bool:
    """Give an address free that an account has left: the way back to it is void.

    For who was shown to have the mailbox now, or says so on the host. Returns whether it was
    reserved; an address that somebody has is not.
    """
    if find_account_by_email(ctx, email) is not None:
        return False
    ended = update(AccountLink).where(*ways_back(ctx, email)).values(used_at=ctx.now)
    left_by = set(ctx.db.scalars(ended.returning(AccountLink.user_id)))
    for user_id in sorted(left_by):
        record(ctx, AddressReleased(user_id=user_id))
    return bool(left_by)


def _way_back(ctx: Context, user: User) -> UUID | None:
    """A link to the address that the account has now. Used in time, it stops a change, too.

    There is none to an address that was never proven: it may be anybody's.
    """
    if not is_proven(ctx, user):
        return None
    return renew_link(ctx, user, LinkPurpose.UNDO, address=user.email).id


def _move(ctx: Context, user: User, address: str) -> None:
    """Give the account this address. The unique index decides if two want it at once."""
    refuse_taken_address(ctx, address, but=user.id)
    user.email, user.email_key = address, email_key(address)
    user.email_verified, user.updated_at = True, ctx.now
    label(ctx, user)
    ctx.db.flush()
    ctx.forget(user.id)


def _confirmed(ctx: Context, password: str | None) -> User:
    """The caller's account, held; a right password counts as having just signed in."""
    if password is not None:
        user = hold_confirmed_account(ctx, confirm_password(ctx, password))
    else:
        refuse_stale(ctx)
        user = hold_own_account(ctx)
    ctx.ports[FreshFactor](ctx)
    return user
