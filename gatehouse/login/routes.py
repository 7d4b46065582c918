"""HTTP for coming in and going out."""

from http import HTTPStatus
from typing import Any

from gatehouse.accounts.errors import (
    AccountNotActivated,
    AccountSuspended,
    AddressReserved,
    EmailTaken,
    LinkInvalid,
    PasswordChangedMeanwhile,
    PasswordTooWeak,
    TooManyWrongPasswords,
    WrongPassword,
)
from gatehouse.core.access import public, signed_in, signed_in_or_not
from gatehouse.core.assurance import acr_of
from gatehouse.core.context import Context
from gatehouse.core.errors import NoSession
from gatehouse.core.http import Api, body, own_token, raises, ready, returns
from gatehouse.core.rate_limit import limited
from gatehouse.login import queries, service
from gatehouse.login.errors import PendingOver, RegistrationClosed
from gatehouse.login.schemas import (
    METHODS,
    AcceptedOut,
    AcceptIn,
    ActivateIn,
    BeginPasskeyIn,
    ConfirmedOut,
    ConfirmIn,
    FactorIn,
    LoggedInOut,
    LoginIn,
    MeOut,
    PasskeyIn,
    PasskeyOptionsOut,
    RegisteredOut,
    RegisterIn,
    TokenOut,
)
from gatehouse.mfa.errors import PasskeyRefused, PasskeysNotPossible, WrongCode
from gatehouse.mfa.service import Assertion
from gatehouse.organizations.errors import AlreadyMember, InviteForSomebodyElse, InviteInvalid
from gatehouse.organizations.service import own_invites
from gatehouse.policies.queries import compliance_of

api = Api("auth", at="/auth", about="Coming in and going out.")
invites = Api("invitations", at="/invites", about="Accepting what one was invited to.")


@api.post("/register")
@public
@limited("register")
@body(RegisterIn, also=service.rules_broken_by_registration)
@returns(RegisteredOut, HTTPStatus.CREATED)
@raises(PasswordTooWeak, EmailTaken, AddressReserved, RegistrationClosed)
def register(ctx: Context, *, email: str, password: str, full_name: str | None) -> dict[str, Any]:
    """Register an account and sign it in."""
    entry, is_first = service.register(ctx, email=email, password=password, full_name=full_name)
    # Invitations are told only to the holder of a verified address, and a new one is not.
    return {**_signed_in(entry), "is_first_user": is_first, "pending_invites": []}


@api.post("/activate")
@public
@limited("reset")
@body(ActivateIn)
@returns(LoggedInOut)
@raises(LinkInvalid, PasswordTooWeak)
def activate(ctx: Context, *, code: str, activation_key: str, password: str) -> dict[str, Any]:
    """Claim an account that was made for you: choose a password, and be signed in."""
    entry = service.activate(ctx, token=code or activation_key, password=password)
    return _answer(ctx, entry)


@api.post("/login")
@public
@limited("login")
@body(LoginIn)
@returns(LoggedInOut)
@raises(WrongPassword, TooManyWrongPasswords, AccountSuspended, AccountNotActivated)
def log_in(ctx: Context, *, email: str, password: str, remember_me: bool) -> dict[str, Any]:
    """Sign in with a password and get a session token.

    Unknown addresses, wrong passwords and locked accounts are answered alike.
    """
    entry = service.sign_in(ctx, email=email, password=password, remember_me=remember_me)
    return _answer(ctx, entry)


@api.post("/totp/verify")
@public
@limited("login")
@body(FactorIn)
@returns(LoggedInOut)
@raises(PendingOver, WrongCode, TooManyWrongPasswords, AccountSuspended, AccountNotActivated)
def verify_code(
    ctx: Context, *, code: str, is_backup_code: bool, mfa_token: str, client_timestamp: object
) -> dict[str, Any]:
    """Go on with a sign-in that waits for a second factor, by a code."""
    del client_timestamp
    entry = service.answer_with_code(
        ctx, token=mfa_token, code=code, is_recovery_code=is_backup_code
    )
    return _answer(ctx, entry)


@api.post("/webauthn/login/begin")
@signed_in_or_not
@limited("60/minute;600/hour")
@body(BeginPasskeyIn)
@returns(PasskeyOptionsOut, bare=True)
@raises(PendingOver, PasskeysNotPossible)
def begin_with_passkey(ctx: Context, *, email: str | None, mfa_token: str | None) -> dict[str, Any]:
    """Begin to use a passkey: what the browser is to be given, as it is.

    Signed in, to confirm who you are. An address without passkeys is answered like one with some.
    """
    return service.begin_with_passkey(ctx, email=email, token=mfa_token)


@api.post("/webauthn/login/complete")
@public
@limited("login")
@body(PasskeyIn)
@returns(LoggedInOut)
@raises(PendingOver, PasskeyRefused, AccountSuspended, AccountNotActivated)
def sign_in_with_passkey(
    ctx: Context, *, given: Assertion, mfa_token: str | None, remember_me: bool
) -> dict[str, Any]:
    """Sign in with a passkey; with ``mfa_token``, go on with a sign-in that waits for a factor.

    Alone it must have made sure who uses it, by a PIN or a finger.
    """
    entry = service.sign_in_with_passkey(ctx, given, token=mfa_token, remember_me=remember_me)
    return _answer(ctx, entry)


@invites.post("/<token>/accept")
@signed_in_or_not
@limited("reset")
@body(AcceptIn)
@returns(AcceptedOut)
@raises(
    InviteInvalid,
    InviteForSomebodyElse,
    AlreadyMember,
    EmailTaken,
    PasswordTooWeak,
    RegistrationClosed,
)
def accept_invite(
    ctx: Context, token: str, *, full_name: str | None, password: str | None
) -> dict[str, Any]:
    """Accept an invitation: signed in to the account of its address, or with a new one.

    A new account needs a password and is signed in; an account that exists gets no new session.
    """
    user, member, entry = service.accept_invitation(
        ctx, token=token, password=password, full_name=full_name
    )
    accepted = {"user": user, "organization_id": member.org_id, "role": member.role}
    return {**accepted, **(_signed_in(entry) if entry else {})}


@api.post("/logout")
@signed_in
@returns(None)
@raises(NoSession)
def log_out(ctx: Context) -> None:
    """Sign out: this session's token is refused from the very next request on."""
    service.sign_out(ctx)


@api.post("/reauthenticate")
@signed_in
@body(ConfirmIn)
@returns(ConfirmedOut)
@raises(
    NoSession,
    WrongPassword,
    WrongCode,
    PasskeyRefused,
    TooManyWrongPasswords,
    PasswordChangedMeanwhile,
)
def reauthenticate(
    ctx: Context,
    *,
    password: str | None,
    code: str | None,
    passkey: dict[str, Any] | None,
    is_backup_code: bool,
) -> dict[str, Any]:
    """Confirm who you are, for what needs a sign-in within the last 10 minutes: by your password,
    or by a second factor, which the session has proved from then on.
    """
    if passkey is not None:
        session = service.reauthenticate_with_passkey(ctx, passkey["given"])
    elif code is not None:
        session = service.reauthenticate_with_code(ctx, code, is_recovery_code=is_backup_code)
    else:
        session = service.reauthenticate(ctx, password=password or "")
    amr = session.amr.split()
    return {"auth_time": session.auth_time, "amr": amr, "acr": acr_of(amr)}


@api.get("/token")
@signed_in
@returns(TokenOut)
def read_token(ctx: Context) -> dict[str, str]:
    """Read the token that this request carries. It is never in an address."""
    del ctx
    return {"token": own_token()}


@api.get("/me")
@signed_in
@ready("me")
@returns(MeOut)
def read_me(ctx: Context) -> dict[str, Any]:
    """Read who you are and which organizations you may enter."""
    return queries.read_me(ctx)


lane = (read_me,)


def _answer(ctx: Context, entry: service.Entry) -> dict[str, Any]:
    """A session, or how to go on to one."""
    if entry.pending is None:
        return {**_signed_in(entry), **_next_steps(ctx, entry)}
    held = entry.pending.held
    has = zip(METHODS, (held.passkeys, held.totp, held.recovery_codes), strict=True)
    branch = "requires_webauthn" if held.passkeys else "requires_totp"
    methods = [name for name, is_there in has if is_there]
    return {branch: True, "mfa_token": entry.pending.token, "mfa_methods": methods}


def _signed_in(entry: service.Entry) -> dict[str, Any]:
    return {"user": entry.user, "token": entry.token, "expires_at": entry.session.expires_at}


def _next_steps(ctx: Context, entry: service.Entry) -> dict[str, Any]:
    """What somebody who has just come in may want to do first."""
    compliance = compliance_of(ctx, entry.user_id)
    return {
        "mfa_compliance": compliance,
        "requires_mfa_enrollment": bool(compliance["missing_methods"]),
        "requires_org_setup": queries.needs_organization(ctx, entry.user_id),
        "pending_invites": own_invites(ctx, entry.user),
    }
