"""Deleting an account: everything it could do ends in one act; the record keeps a pseudonym."""

from uuid import UUID

from sqlalchemy import delete

from gatehouse.accounts.events import AccountDeleted
from gatehouse.accounts.models import Credential, User
from gatehouse.accounts.queries import hold_known_account
from gatehouse.accounts.service.passwords import confirm_password, hold_confirmed_account
from gatehouse.audit.service import forget_label, record
from gatehouse.core.access import FreshFactor, refuse_stale
from gatehouse.core.context import Context
from gatehouse.core.db import purge_removed


def delete_own_account(ctx: Context, *, password: str | None) -> None:
    """Delete the caller's account.

    A right password counts as having just signed in; without one the sign-in must be recent.
    Raises ReauthenticationRequired, StepUpRequired, and what the reactions raise: a sole owner of
    an organization with others stays.
    """
    if password is None:
        refuse_stale(ctx)
    else:
        hold_confirmed_account(ctx, confirm_password(ctx, password))
    ctx.ports[FreshFactor](ctx)
    delete_account(ctx, ctx.user_id)


def purge_accounts(ctx: Context) -> int:
    """Delete what is left of accounts that were deleted long ago. Returns how many there were.

    The record names them by their id and a pseudonym of its own.
    """
    return purge_removed(ctx.db, User, ctx.now)


def delete_account(ctx: Context, user_id: UUID) -> None:
    """Delete an account and all that is personal in it. The address can be used again."""
    user = hold_known_account(ctx, user_id)
    record(ctx, AccountDeleted(user_id=user.id))
    ctx.db.execute(delete(Credential).where(Credential.user_id == user.id))
    user.deleted_at = user.updated_at = ctx.now
    user.email = user.email_key = f"deleted-user-{user.id}"
    user.full_name = user.avatar_url = None
    user.email_verified = user.is_operator = False
    forget_label(ctx, user.id, kind="user")
    ctx.forget(user.id)
