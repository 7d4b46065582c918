"""Ways in that a password opens: registering, signing in, confirming who one is."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.queries import credential_by_email, is_first_account
from gatehouse.accounts.rules import email_key
from gatehouse.accounts.service import (
    activate_account,
    confirm_password,
    create_account,
    hold_confirmed_account,
    name_of_device,
    prove_password,
    refuse_weak_password,
    rules_broken_by,
)
from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.headers import network_of
from gatehouse.login.errors import RegistrationClosed
from gatehouse.login.events import Reauthenticated, SignInRefused
from gatehouse.login.service.gate import Entry, enter
from gatehouse.sessions.models import Session
from gatehouse.sessions.queries import device_known_to
from gatehouse.sessions.service import confirm

METHOD = "pwd"  # RFC 8176
NOBODY = UUID(int=0)
BEFORE_ALL = datetime.fromtimestamp(0, UTC)


def register(
    ctx: Context, *, email: str, password: str, full_name: str | None
) -> tuple[Entry, bool]:
    """Make an account and sign it in. Returns the entry, and whether it is the first account.

    A taken address costs as much time as a free one. Raises PasswordTooWeak, EmailTaken,
    AddressReserved, RegistrationClosed.
    """
    if not ctx.settings.registration_enabled:
        raise RegistrationClosed
    refuse_weak_password(password, email=email, full_name=full_name)
    password_hash = ctx.ports[PasswordHasher].hash(password)
    is_first = is_first_account(ctx)
    user = create_account(ctx, email=email, password_hash=password_hash, full_name=full_name)
    return enter(ctx, Entry(user_id=user.id, amr=(METHOD,), is_recorded=True)), is_first


def rules_broken_by_registration(ctx: Context, valid: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the password, told along with what else is not valid.

    It is judged by what is known of the person. Raises RegistrationClosed.
    """
    if not ctx.settings.registration_enabled:
        raise RegistrationClosed
    if "password" not in valid:
        return {}
    email, full_name = valid.get("email", ""), valid.get("full_name")
    broken = rules_broken_by(valid["password"], email=email, full_name=full_name)
    return {"password": broken} if broken else {}


def activate(ctx: Context, *, token: str, password: str) -> Entry:
    """Claim the account that was made for somebody, and sign in. Raises LinkInvalid."""
    user = activate_account(ctx, token=token, password=password)
    return enter(ctx, Entry(user_id=user.id, amr=(METHOD,), is_recorded=True))


def sign_in(
    ctx: Context, *, email: str, password: str, remember_me: bool, browser: str = ""
) -> Entry:
    """Sign in. An unknown address, a wrong password and a locked account look and last alike.

    Raises WrongPassword, TooManyWrongPasswords, AccountSuspended, AccountNotActivated.
    """
    found = ctx.glance(credential_by_email(email))
    device = _known_device(ctx, found)
    proof = prove_password(
        ctx,
        found,
        password,
        account=email_key(email),
        device=device,
        refused=SignInRefused,
    )
    entry = Entry(
        user_id=proof.user_id,
        amr=(METHOD,),
        remember_me=remember_me,
        device=device,
        browser=browser,
        proof=proof,
        better_hash=_better_hash(ctx, proof.password_hash, password),
    )
    return enter(ctx, entry)


def reauthenticate(ctx: Context, *, password: str) -> Session:
    """Confirm who the caller is, for verbs that want it fresh. The session stays the same."""
    hold_confirmed_account(ctx, confirm_password(ctx, password))
    return confirmed(ctx, (METHOD,))


def confirmed(ctx: Context, amr: tuple[str, ...], model: UUID | None = None) -> Session:
    session = confirm(ctx, amr=amr, model=model)
    event = Reauthenticated(user_id=ctx.user_id, session_id=session.id, method=" ".join(amr))
    record(ctx, event)
    return session


def this_device(ctx: Context) -> str:
    return name_of_device(network_of(ctx.origin.ip), ctx.origin.user_agent)


def known_device(ctx: Context, user_id: UUID) -> str:
    """A name for this device if the account signed in from it lately, else nothing. Whoever asks
    has proved that it is theirs, whatever its password was then.
    """
    return _if_known(ctx, user_id, since=BEFORE_ALL)


def _known_device(ctx: Context, found: Row[UUID, str, str, datetime] | None) -> str:
    """A name for this device if the account signed in from it with its password, else nothing."""
    # Who has no password, or no account, is looked for all the same: it takes as long.
    user_id, set_at = (found.id, found.changed_at) if found else (NOBODY, None)
    return _if_known(ctx, user_id, since=set_at or ctx.now)


def _if_known(ctx: Context, user_id: UUID, *, since: datetime) -> str:
    network, agent = network_of(ctx.origin.ip), ctx.origin.user_agent
    statement = device_known_to(
        user_id, network=network, user_agent=agent, since=since, now=ctx.now
    )
    return this_device(ctx) if ctx.glance(statement) is not None else ""


def _better_hash(ctx: Context, password_hash: str, password: str) -> str | None:
    hasher = ctx.ports[PasswordHasher]
    return hasher.hash(password) if hasher.is_outdated(password_hash) else None
