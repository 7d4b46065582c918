"""What an account may do on this instance: suspending it, and making it an operator's.

Whoever calls has asked whether the actor may.
"""

from uuid import UUID

from sqlalchemy import delete

from gatehouse.accounts import events
from gatehouse.accounts.errors import (
    AccountNotClaimed,
    AccountNotSuspended,
    AccountSuspended,
    AccountSuspendedAlready,
    NotAnOperator,
    OperatorAlready,
)
from gatehouse.accounts.models import AccountLink, AccountStatus, User
from gatehouse.accounts.queries import hold_known_account, is_proven
from gatehouse.accounts.service.links import void_changes_of_address
from gatehouse.accounts.service.passwords import remove_password
from gatehouse.accounts.service.profile import label
from gatehouse.audit.service import record
from gatehouse.core.context import Context


def suspend_account(ctx: Context, user_id: UUID) -> User:
    """Bar an account from everything; its sessions end in the same act.

    An address that was asked for until now cannot be confirmed when the account is given back.
    Raises AccountSuspendedAlready, AccountNotClaimed.
    """
    user = hold_known_account(ctx, user_id)
    if user.status is AccountStatus.SUSPENDED:
        raise AccountSuspendedAlready
    if user.status is AccountStatus.INACTIVE:
        raise AccountNotClaimed
    user.status, user.updated_at = AccountStatus.SUSPENDED, ctx.now
    void_changes_of_address(ctx, user.id)
    ctx.forget(user.id)
    record(ctx, events.AccountSuspended(user_id=user.id))
    return user


def unsuspend_account(ctx: Context, user_id: UUID) -> User:
    """Give an account back. Its sessions stay ended. Raises AccountNotSuspended."""
    user = hold_known_account(ctx, user_id)
    if user.status is not AccountStatus.SUSPENDED:
        raise AccountNotSuspended
    user.status, user.updated_at = AccountStatus.ACTIVE, ctx.now
    ctx.forget(user.id)
    record(ctx, events.AccountUnsuspended(user_id=user.id))
    return user


def make_operator(ctx: Context, user_id: UUID, *, full_name: str | None = None) -> User:
    """Make an account an operator's. Raises OperatorAlready, AccountSuspended.

    Whoever registered an address that was never proven may be a stranger: they get nothing, and
    the account is claimed anew, under ``full_name``.
    """
    user = hold_known_account(ctx, user_id)
    if user.is_operator:
        raise OperatorAlready
    if user.status is AccountStatus.SUSPENDED:
        raise AccountSuspended
    if is_to_be_disowned(ctx, user):
        _disown(ctx, user, full_name)
    user.is_operator, user.updated_at = True, ctx.now
    ctx.forget(user.id)
    record(ctx, events.AccountMadeOperator(user_id=user.id))
    return user


def is_to_be_disowned(ctx: Context, user: User) -> bool:
    """Whether becoming an operator's takes the account from whoever has it now."""
    if user.is_operator or user.status is not AccountStatus.ACTIVE:
        return False
    return not is_proven(ctx, user)


def unmake_operator(ctx: Context, user_id: UUID) -> User:
    """Take the right of an operator away. It counts from the next request on."""
    user = hold_known_account(ctx, user_id)
    if not user.is_operator:
        raise NotAnOperator
    user.is_operator, user.updated_at = False, ctx.now
    ctx.forget(user.id)
    record(ctx, events.OperatorRemoved(user_id=user.id))
    return user


def _disown(ctx: Context, user: User, full_name: str | None) -> None:
    """Take away all that gets anybody in, sessions too; a link to claim it is mailed."""
    remove_password(ctx, user)
    ctx.db.execute(delete(AccountLink).where(AccountLink.user_id == user.id))
    user.status, user.full_name, user.avatar_url = AccountStatus.INACTIVE, full_name, None
    label(ctx, user)
    record(ctx, events.AccountDisowned(user_id=user.id))
