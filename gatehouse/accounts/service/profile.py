"""Making accounts and changing what they say about a person."""

from typing import Any

from gatehouse.accounts.events import AccountCreatedFor, AccountRegistered, ProfileChanged
from gatehouse.accounts.models import AccountStatus, Credential, User
from gatehouse.accounts.queries import hold_own_account, refuse_taken_address
from gatehouse.accounts.rules import email_key
from gatehouse.audit.service import record, set_label
from gatehouse.core.context import ANONYMOUS, Actor, Context


def create_account(
    ctx: Context,
    *,
    email: str,
    password_hash: str,
    full_name: str | None = None,
    email_verified: bool = False,
) -> User:
    """Create an active account. Raises EmailTaken, AddressReserved."""
    user = _add(ctx, email=email, full_name=full_name, email_verified=email_verified)
    ctx.db.add(
        Credential(
            user_id=user.id, password_hash=password_hash, created_at=ctx.now, changed_at=ctx.now
        )
    )
    if ctx.actor is ANONYMOUS:  # Nobody else makes it: from here on the newcomer acts.
        ctx.actor = Actor("user", user.id)
    record(ctx, AccountRegistered(user_id=user.id))
    return user


def create_account_for(ctx: Context, *, email: str, full_name: str | None = None) -> User:
    """Create an inactive account without a password, to be claimed.

    Raises EmailTaken, AddressReserved.
    """
    user = _add(ctx, email=email, full_name=full_name, status=AccountStatus.INACTIVE)
    record(ctx, AccountCreatedFor(user_id=user.id))
    return user


def _add(ctx: Context, *, email: str, **fields: Any) -> User:
    refuse_taken_address(ctx, email)
    user = User(
        email=email,
        email_key=email_key(email),
        created_at=ctx.now,
        updated_at=ctx.now,
        **fields,
    )
    ctx.db.add(user)
    ctx.db.flush()
    label(ctx, user)
    return user


def change_profile(ctx: Context, **changes: Any) -> User:
    """Change the caller's full name and the avatar; what is not named stays."""
    user = hold_own_account(ctx)  # A deletion comes before or after, never in between.
    changed = tuple(name for name, value in changes.items() if getattr(user, name) != value)
    if not changed:
        return user
    for name in changed:
        setattr(user, name, changes[name])
    user.updated_at = ctx.now
    label(ctx, user)
    ctx.forget(user.id)
    record(ctx, ProfileChanged(user_id=user.id, fields=changed))
    return user


def note_sign_in(ctx: Context, user: User) -> None:
    """Keep when the person last signed in."""
    user.last_login_at = ctx.now
    ctx.freshen(user.id)


def label(ctx: Context, user: User) -> None:
    set_label(ctx, user.id, kind="user", label=user.email, name=user.full_name)
