"""HTTP for links in mails: asking for one, and using it. Only a POST uses a link up."""

from gatehouse.accounts import service
from gatehouse.accounts.errors import (
    AddressReserved,
    EmailTaken,
    LinkInvalid,
    PasswordTooWeak,
)
from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.schemas import AddressIn, ResetIn, TokenIn
from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.core.rate_limit import limited

api = Api("recovery", at="/auth", about="Links in mails: new passwords, verified addresses.")


@api.post("/forgot-password")
@public
@limited("forgot")
@body(AddressIn)
@returns(None)
def forgot_password(ctx: Context, *, email: str) -> None:
    """Ask for a link to set a new password. The answer is the same for every address."""
    service.ask_for_link(ctx, email=email, purpose=LinkPurpose.RESET)


@api.post("/reset-password")
@public
@limited("reset")
@body(ResetIn)
@returns(None)
@raises(LinkInvalid, PasswordTooWeak)
def reset_password(ctx: Context, *, token: str, password: str) -> None:
    """Set a new password with the link of a mail. All sessions end, and nobody is signed in."""
    service.reset_password(ctx, token=token, password=password)


@api.post("/verify-email")
@public
@limited("reset")
@body(TokenIn)
@returns(None)
@raises(LinkInvalid)
def verify_email(ctx: Context, *, token: str) -> None:
    """Confirm an address with the link of a mail.

    A stranger may have registered it: a page of your own says so before it sends the token.
    """
    service.verify_email(ctx, token=token)


@api.post("/resend-verification")
@public
@limited("forgot")
@body(AddressIn)
@returns(None)
def resend_verification(ctx: Context, *, email: str) -> None:
    """Ask for another link to confirm an address. The answer is the same for every address."""
    service.ask_for_link(ctx, email=email, purpose=LinkPurpose.VERIFY)


@api.post("/resend-activation")
@public
@limited("forgot")
@body(AddressIn)
@returns(None)
def resend_activation(ctx: Context, *, email: str) -> None:
    """Ask for another link to claim an account. The answer is the same for every address."""
    service.ask_for_link(ctx, email=email, purpose=LinkPurpose.ACTIVATE)


@api.post("/confirm-email")
@public
@limited("reset")
@body(TokenIn)
@returns(None)
@raises(LinkInvalid, EmailTaken, AddressReserved)
def confirm_email(ctx: Context, *, token: str) -> None:
    """Make the new address the account's, with the link mailed to it.

    A stranger may have asked for it: a page of your own says so before it sends the token.
    """
    service.confirm_new_address(ctx, token=token)


@api.post("/undo-email-change")
@public
@limited("reset")
@body(TokenIn)
@returns(None)
@raises(LinkInvalid, EmailTaken)
def undo_email_change(ctx: Context, *, token: str) -> None:
    """Bring your old address back, with the link mailed to it.

    Everybody is signed out, and the password is void: a link to set a new one is mailed there.
    """
    service.undo_change_of_address(ctx, token=token)
