"""HTTP for one's own account."""

from typing import Any

from gatehouse.accounts import queries, service
from gatehouse.accounts.errors import (
    PasswordChangedMeanwhile,
    TooManyWrongPasswords,
    WrongPassword,
)
from gatehouse.accounts.models import User
from gatehouse.accounts.schemas import DeletionIn, PasswordChange, ProfileChanges, UserOut
from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import Conflict, ReauthenticationRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.core.rate_limit import limited

api = Api("accounts", at="/users/me", about="Your own account.")


@api.get()
@signed_in
@returns(UserOut, key="user")
def read_own_account(ctx: Context) -> User:
    """Read your own profile."""
    return queries.get_account(ctx, ctx.user_id)


@api.patch()
@signed_in
@body(ProfileChanges, partial=True)
@returns(UserOut, key="user")
def change_own_profile(ctx: Context, **changes: Any) -> User:
    """Change your name or your avatar; what you do not send stays."""
    return service.change_profile(ctx, ctx.user_id, **changes)


@api.delete()
@signed_in
@body(DeletionIn)
@returns(None)
@raises(
    WrongPassword,
    TooManyWrongPasswords,
    PasswordChangedMeanwhile,
    ReauthenticationRequired,
    Conflict,
)
def delete_own_account(ctx: Context, *, password: str | None) -> None:
    """Delete your account and end everything that it could do.

    Needs the password in the body, or a sign-in within the last 10 minutes. Refused with
    USER_IS_SOLE_OWNER while an organization with other members has no other owner.
    """
    service.delete_own_account(ctx, password=password)


@api.post("/password")
@signed_in
@limited("30/minute;200/hour", per="user")
@body(PasswordChange, also=service.rules_broken_by_change)
@returns(None)
@raises(WrongPassword, TooManyWrongPasswords, PasswordChangedMeanwhile)
def change_own_password(
    ctx: Context, *, current_password: str, new_password: str, new_password_confirm: str
) -> None:
    """Change your password. All your other sessions end."""
    del new_password_confirm
    service.change_password(ctx, current_password=current_password, new_password=new_password)
