"""What operators, and admins within their reach, do with other people's accounts."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.accounts.errors import AccountNotFound, AddressNotReserved
from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.models import User
from gatehouse.accounts.queries import (
    find_account_by_email,
    get_account,
    hold_account,
    hold_accounts,
)
from gatehouse.accounts.service import (
    ask_for_link,
    create_account_for,
    delete_account,
    is_to_be_disowned,
    make_link_on_host,
    make_operator,
    release_address,
    renew_link,
    suspend_account,
    unmake_operator,
    unsuspend_account,
    web_address_of,
)
from gatehouse.core.access import act_as_operator, is_operator
from gatehouse.core.context import Context
from gatehouse.mfa.service import reset_factors
from gatehouse.operators.errors import ConfirmationRequired
from gatehouse.organizations.errors import NotOnYourself
from gatehouse.organizations.service import suspend_everywhere, unsuspend_everywhere
from gatehouse.ssh_certificates.queries import count_living
from gatehouse.ssh_keys.queries import count_keys


def suspend(ctx: Context, user_id: UUID) -> None:
    """Suspend the account, if the caller is an operator; else every membership they may."""
    if is_operator(ctx):
        _hold_as_operator(ctx, user_id)
        suspend_account(ctx, user_id)
    else:
        suspend_everywhere(ctx, user_id)


def unsuspend(ctx: Context, user_id: UUID) -> None:
    """Give back the account, if the caller is an operator; else every membership they may."""
    if is_operator(ctx):
        _hold_as_operator(ctx, user_id)
        unsuspend_account(ctx, user_id)
    else:
        unsuspend_everywhere(ctx, user_id)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was there of an account that is gone: its address, and how many keys and certificates
    that were valid.
    """

    email: str
    ssh_keys: int
    certificates: int


def delete(ctx: Context, user_id: UUID, *, confirm: bool) -> Deleted:
    """Delete somebody's account as they could themselves."""
    if not confirm:
        raise ConfirmationRequired
    _hold_as_operator(ctx, user_id)
    email = get_account(ctx, user_id).email
    gone = Deleted(email, count_keys(ctx, user_id), count_living(ctx, user_id))
    delete_account(ctx, user_id)
    return gone


def appoint(ctx: Context, *, email: str, full_name: str | None) -> User:
    """Make the account of this address an operator's; where there is none, make an inactive one.

    One whose address was never proven is to be claimed like a new one. Who has not claimed it yet
    is mailed a link once more, if there is a mail server.
    Raises OperatorAlready, AccountSuspended, AddressReserved.
    """
    user = find_account_by_email(ctx, email)
    if user is None:
        user = create_account_for(ctx, email=email, full_name=full_name)
    elif not user.activated and ctx.settings.smtp.host:
        ask_for_link(ctx, email=user.email, purpose=LinkPurpose.ACTIVATE)
    return make_operator(ctx, user.id, full_name=full_name)


def costs_the_account(ctx: Context, *, email: str) -> bool:
    """Whether appointing takes password and sessions from whoever registered the address."""
    user = find_account_by_email(ctx, email)
    return user is not None and is_to_be_disowned(ctx, user)


def link_to_claim(ctx: Context, user: User) -> str:
    """Where the person claims the account, for whoever cannot be mailed."""
    return web_address_of(ctx, renew_link(ctx, user, LinkPurpose.ACTIVATE).id)


def link_from_host(ctx: Context, *, email: str) -> tuple[LinkPurpose, str]:
    """Where the person sets a new password, for whoever is locked out and cannot be mailed.

    Raises AccountNotFound, AccountSuspended.
    """
    user = find_account_by_email(ctx, email)
    if user is None:
        raise AccountNotFound
    link = make_link_on_host(ctx, user.id)
    return link.purpose, web_address_of(ctx, link.id)


def reset_second_factors(ctx: Context, *, email: str) -> bool:
    """Take all factors from an account. Returns whether it had one. Raises AccountNotFound."""
    user = find_account_by_email(ctx, email)
    if user is None or hold_account(ctx, user.id) is None:
        raise AccountNotFound
    return reset_factors(ctx, user.id)


def release(ctx: Context, *, email: str) -> None:
    """Give an address free that an account has left. Raises AddressNotReserved."""
    if not release_address(ctx, email):
        raise AddressNotReserved


def dismiss(ctx: Context, *, email: str) -> User:
    """Take the right away again. Raises AccountNotFound, NotAnOperator."""
    user = find_account_by_email(ctx, email)
    if user is None:
        raise AccountNotFound
    return unmake_operator(ctx, user.id)


def _hold_as_operator(ctx: Context, user_id: UUID) -> None:
    """Hold both accounts, and only then ask whether the caller is an operator still.

    Of two operators who suspend each other at the same moment, one is left.
    """
    if user_id == ctx.user_id:
        raise NotOnYourself
    hold_accounts(ctx, ctx.user_id, user_id)
    act_as_operator(ctx)
