"""Changing a password, and keeping its hash up to date."""

from uuid import UUID

from sqlalchemy import select, update

from gatehouse.accounts.errors import PasswordChangedMeanwhile
from gatehouse.accounts.events import PasswordChanged, PasswordRefused
from gatehouse.accounts.models import Credential, User
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.queries import credential_of, hold_account
from gatehouse.accounts.service.guessing import prove_password
from gatehouse.accounts.service.strength import refuse_weak_password
from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.errors import InvalidToken


def confirm_password(ctx: Context, password: str) -> str:
    """Check the caller's own password, before the transaction. Returns its hash.

    Raises WrongPassword or TooManyWrongPasswords: guesses are counted as at sign-in.
    """
    found = ctx.glance(credential_of(ctx.user_id))
    if found is None:
        raise InvalidToken
    return prove_password(
        ctx,
        found,
        password,
        account=found.email_key,
        device=f"session {ctx.actor.session_id}",
        refused=PasswordRefused,
    )


def change_password(ctx: Context, *, current_password: str, new_password: str) -> None:
    """Set a new password. All other sessions of the account end in the same act.

    Raises PasswordTooWeak, or what confirm_password raises.
    """
    old_hash = confirm_password(ctx, current_password)
    person = ctx.glance(select(User.email, User.full_name).where(User.id == ctx.user_id))
    email, full_name = person or ("", None)
    refuse_weak_password(new_password, email=email, full_name=full_name, field="new_password")
    new_hash = ctx.ports[PasswordHasher].hash(new_password)
    user = hold_account(ctx, ctx.user_id)
    if user is None:
        raise InvalidToken
    replace_hash(ctx, user.id, old_hash, new_hash)
    user.updated_at = ctx.now
    record(ctx, PasswordChanged(user_id=ctx.user_id))


def replace_hash(ctx: Context, user_id: UUID, old_hash: str, new_hash: str) -> None:
    """Compare and set. Raises PasswordChangedMeanwhile if another change came first."""
    statement = (
        update(Credential)
        .where(Credential.user_id == user_id, Credential.password_hash == old_hash)
        .values(password_hash=new_hash, changed_at=ctx.now)
    )
    if ctx.execute(statement) != 1:
        raise PasswordChangedMeanwhile
