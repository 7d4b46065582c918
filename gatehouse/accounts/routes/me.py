"""HTTP for one's own account."""

from typing import Any

from gatehouse.accounts import queries, service
from gatehouse.accounts.errors import (
    PasswordChangedMeanwhile,
    SameAddress,
    TooManyWrongPasswords,
    UserIsSoleOwner,
    WrongPassword,
)
from gatehouse.accounts.models import User
from gatehouse.accounts.schemas import (
    DeletionIn,
    ExportOut,
    NewAddressIn,
    PasswordChange,
    ProfileChanges,
    UserOut,
)
from gatehouse.core.access import elevated, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import NoSession, ReauthenticationRequired, StepUpRequired
from gatehouse.core.http import Api, body, raises, recorded, returns
from gatehouse.core.rate_limit import limited

api = Api("accounts", at="/users/me", about="Your own account.")


@api.get()
@signed_in
@returns(UserOut, key="user")
def read_own_account(ctx: Context) -> User:
    """Read your own profile."""
    return queries.own_account(ctx)


@api.patch()
@signed_in
@body(ProfileChanges, partial=True)
@returns(UserOut, key="user")
def change_own_profile(ctx: Context, **changes: Any) -> User:
    """Change your name or your avatar; what you do not send stays."""
    return service.change_profile(ctx, **changes)


@api.delete()
@signed_in
@body(DeletionIn)
@returns(None)
@raises(
    NoSession,
    WrongPassword,
    TooManyWrongPasswords,
    PasswordChangedMeanwhile,
    ReauthenticationRequired,
    StepUpRequired,
    UserIsSoleOwner,
)
def delete_own_account(ctx: Context, *, password: str | None) -> None:
    """Delete your account and end everything that it could do.

    Needs the password in the body, or a sign-in within the last 10 minutes. Refused while an
    organization with other members has no other owner.
    """
    service.delete_own_account(ctx, password=password)


@api.post("/email")
@signed_in
@limited("10/hour", per="user")
@body(NewAddressIn)
@returns(None)
@raises(
    NoSession,
    SameAddress,
    WrongPassword,
    TooManyWrongPasswords,
    ReauthenticationRequired,
    StepUpRequired,
)
def change_own_address(ctx: Context, *, email: str, password: str | None) -> None:
    """Ask for another address. It becomes yours when you use the link that is mailed to it.

    Needs the password in the body, or a sign-in within the last 10 minutes.
    """
    service.ask_for_new_address(ctx, email=email, password=password)


@api.get("/export")
@signed_in
@elevated
@recorded
@limited("10/hour", per="user")
@returns(ExportOut)
def export_own_data(ctx: Context) -> dict[str, Any]:
    """Get everything that is held on you, as one document. Needs a recent sign-in."""
    return service.export_everything(ctx)


@api.post("/password")
@signed_in
@limited("30/minute;200/hour", per="user")
@body(PasswordChange, also=service.rules_broken_by_change)
@returns(None)
@raises(NoSession, WrongPassword, TooManyWrongPasswords, PasswordChangedMeanwhile, StepUpRequired)
def change_own_password(ctx: Context, *, current_password: str, new_password: str) -> None:
    """Change your password. All your other sessions end."""
    service.change_password(ctx, current_password=current_password, new_password=new_password)
