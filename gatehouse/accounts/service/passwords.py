"""Changing a password, and keeping its hash up to date."""

from typing import Any

from sqlalchemy import delete, select, update

from gatehouse.accounts.errors import PasswordChangedMeanwhile
from gatehouse.accounts.events import PasswordChanged, PasswordRefused
from gatehouse.accounts.models import Credential, User
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.queries import credential_of, hold_account, password_is_of
from gatehouse.accounts.service.guessing import Proof, prove_password
from gatehouse.accounts.service.links import void_changes_of_address
from gatehouse.accounts.service.strength import refuse_weak_password, rules_broken_by
from gatehouse.audit.service import record
from gatehouse.core.access import FreshFactor
from gatehouse.core.context import Context
from gatehouse.core.errors import InvalidToken


def confirm_password(ctx: Context, password: str) -> Proof:
    """Check the caller's own password, before the transaction.

    Raises WrongPassword or TooManyWrongPasswords: guesses are counted, for each session.
    """
    found = ctx.glance(credential_of(ctx.user_id))
    if found is None:
        raise InvalidToken
    return prove_password(
        ctx,
        found,
        password,
        account=found.email_key,
        device=f"session {ctx.session_id}",
        refused=PasswordRefused,
    )


def hold_confirmed_account(ctx: Context, proof: Proof) -> User:
    """The account, held until the end of the act, if the proof still stands.

    Raises PasswordChangedMeanwhile, or InvalidToken if the account has gone.
    """
    user = hold_account(ctx, proof.user_id)
    if user is None:
        raise InvalidToken
    if not password_is_of(ctx, user.id, proof.changed_at):
        raise PasswordChangedMeanwhile
    return user


def change_password(ctx: Context, *, current_password: str, new_password: str) -> None:
    """Set a new password. All other sessions of the account end in the same act.

    Raises PasswordTooWeak, PasswordChangedMeanwhile, StepUpRequired, or what confirm_password
    raises.
    """
    proof = confirm_password(ctx, current_password)
    refuse_weak_password(new_password, **_words_of_the_caller(ctx), field="new_password")
    new_hash = ctx.ports[PasswordHasher].hash(new_password)
    user = hold_confirmed_account(ctx, proof)
    ctx.ports[FreshFactor](ctx)
    set_password(ctx, user, new_hash)
    record(ctx, PasswordChanged(user_id=user.id))


def set_password(ctx: Context, user: User, password_hash: str) -> None:
    """Put a password in place of the one there was, if there was one. Hold the account before.

    An address that is asked for, and perhaps not even mailed yet, cannot be confirmed any more.
    """
    values = {"password_hash": password_hash, "changed_at": ctx.now}
    own = update(Credential).where(Credential.user_id == user.id)
    if not ctx.execute(own.values(**values)):
        ctx.db.add(Credential(user_id=user.id, created_at=ctx.now, **values))
        ctx.db.flush()
    void_changes_of_address(ctx, user.id)
    user.updated_at = ctx.now


def remove_password(ctx: Context, user: User) -> None:
    """Let nobody in by the password that there was. Hold the account before."""
    ctx.db.execute(delete(Credential).where(Credential.user_id == user.id))


def rules_broken_by_change(ctx: Context, valid: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the new password, told along with what else is not valid."""
    if "new_password" not in valid:
        return {}
    broken = rules_broken_by(valid["new_password"], **_words_of_the_caller(ctx))
    return {"new_password": broken} if broken else {}


def _words_of_the_caller(ctx: Context) -> dict[str, Any]:
    person = ctx.glance(select(User.email, User.full_name).where(User.id == ctx.user_id))
    email, full_name = person or ("", None)
    return {"email": email, "full_name": full_name}


def improve_hash(ctx: Context, proof: Proof, better_hash: str) -> None:
    """Put a better hash of the same password in place, unless another sign-in was first."""
    ctx.execute(
        update(Credential)
        .where(Credential.user_id == proof.user_id, Credential.password_hash == proof.password_hash)
        .values(password_hash=better_hash)
    )
