"""Accepting an invitation: with the account that has its address, or with a new one."""

from gatehouse.accounts.errors import EmailTaken
from gatehouse.accounts.models import User
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.queries import find_account_by_email, hold_account
from gatehouse.accounts.service import create_account, refuse_weak_password, release_address
from gatehouse.core.context import Context
from gatehouse.core.errors import AuthRequired, Invalid
from gatehouse.core.sayings import _
from gatehouse.login.errors import RegistrationClosed
from gatehouse.login.service.gate import Entry, enter
from gatehouse.login.service.password import METHOD
from gatehouse.organizations.errors import InviteForSomebodyElse
from gatehouse.organizations.models import Member
from gatehouse.organizations.service import glance_at_invite, take_invite


def accept_invitation(
    ctx: Context, *, token: str, password: str | None, full_name: str | None
) -> tuple[User, Member, Entry | None]:
    """Become a member. An account that exists must be signed in, and gets no new session.

    Raises InviteInvalid, AuthRequired, InviteForSomebodyElse, RegistrationClosed, PasswordTooWeak.
    """
    offered = glance_at_invite(ctx, token)
    if ctx.actor.user_id is None:
        if offered.has_account:
            raise AuthRequired(_("An account has this address. Sign in with it to accept."))
        return _as_somebody_new(ctx, token, offered.email, password, full_name)
    user = hold_account(ctx, ctx.actor.user_id)
    if user is None or user.email_key != offered.email_key:
        raise InviteForSomebodyElse
    _verify(ctx, user)
    return user, take_invite(ctx, token, user), None


def _verify(ctx: Context, user: User) -> None:
    """Whoever has the mail has the address."""
    if not user.email_verified:
        user.email_verified = True
        ctx.forget(user.id)


def _as_somebody_new(
    ctx: Context, token: str, email: str, password: str | None, full_name: str | None
) -> tuple[User, Member, Entry | None]:
    if not ctx.settings.registration_enabled:
        raise RegistrationClosed
    if password is None:
        raise Invalid.fields({"password": [_("Missing. Choose a password for your new account.")]})
    refuse_weak_password(password, email=email, full_name=full_name)
    password_hash = ctx.ports[PasswordHasher].hash(password)
    if find_account_by_email(ctx, email) is not None:
        raise EmailTaken
    release_address(ctx, email)  # The link was mailed to it: who left it cannot read it any more.
    user = create_account(
        ctx, email=email, password_hash=password_hash, full_name=full_name, email_verified=True
    )
    member = take_invite(ctx, token, user)
    return user, member, enter(ctx, Entry(user_id=user.id, amr=(METHOD,), is_recorded=True))
