"""Passkeys: alone, as the second step of a sign-in, and to confirm who is signed in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from gatehouse.core.context import Context
from gatehouse.login.errors import PendingOver
from gatehouse.login.events import SignInRefused
from gatehouse.login.service.factors import confirmed_by
from gatehouse.login.service.gate import Entry, enter
from gatehouse.login.service.password import known_device
from gatehouse.login.service.waiting import Which, by_browser, by_token, find_waiting, go_on
from gatehouse.mfa.events import FactorRefused
from gatehouse.mfa.queries import Held, factors_of
from gatehouse.mfa.service import (
    IN_API,
    IN_BROWSER,
    TO_CONFIRM,
    Assertion,
    Proven,
    ask_anybody,
    ask_owner,
    prove_passkey,
)
from gatehouse.sessions.models import Session

Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page asks somebody for: one of the factors that are ``held``. ``passkey`` is what the
    browser is given to find one, if there is any.
    """

    held: Held
    passkey: Options | None


def begin_with_passkey(ctx: Context, *, email: str | None, token: str | None) -> Options:
    """What a browser needs to use a passkey: of a sign-in that waits, of whoever is signed in, of
    an address, or of anybody. Raises PendingOver, PasskeysNotPossible.
    """
    if token is not None:
        user_id = find_waiting(ctx, by_token(token))
        if user_id is None:
            raise PendingOver
        return ask_owner(ctx, user_id, purpose=IN_API)
    if ctx.actor.user_id is not None:
        return ask_owner(ctx, ctx.user_id, purpose=_to_confirm(ctx))
    return ask_anybody(ctx, purpose=IN_API, email=email)


def begin_in_browser(ctx: Context, browser: str) -> Options | None:
    """What the sign-in page offers to whoever has one; nothing where there can be none."""
    if not ctx.settings.webauthn.are_possible:
        return None
    return ask_anybody(ctx, purpose=_of_browser(browser))


def find_pending(ctx: Context, pending_id: UUID, browser: str) -> Asked | None:
    """What a sign-in that waits in this browser asks for, while that lasts."""
    user_id = find_waiting(ctx, by_browser(pending_id, browser))
    return _asked(ctx, user_id, _of_browser(browser)) if user_id is not None else None


def ask_to_confirm(ctx: Context) -> Asked:
    """The same of who is signed in."""
    return _asked(ctx, ctx.user_id, _to_confirm(ctx))


def _asked(ctx: Context, user_id: UUID, purpose: str) -> Asked:
    held = factors_of(ctx, user_id)
    is_possible = held.passkeys > 0 and ctx.settings.webauthn.are_possible
    return Asked(held, ask_owner(ctx, user_id, purpose=purpose) if is_possible else None)


def sign_in_with_passkey(
    ctx: Context, given: Assertion, *, token: str | None, remember_me: bool
) -> Entry:
    """Sign in, or go on with a sign-in that waits. Alone it must have made sure who uses it.

    Raises PasskeyRefused, PendingOver, AccountSuspended, AccountNotActivated.
    """
    if token is not None:
        return _go_on(ctx, by_token(token), given, IN_API)
    return _alone(ctx, given, IN_API, remember_me=remember_me)


def sign_in_here(ctx: Context, browser: str, given: Assertion, *, remember_me: bool) -> Entry:
    """The same on the sign-in page."""
    return _alone(ctx, given, _of_browser(browser), remember_me=remember_me)


def answer_with_passkey(ctx: Context, pending_id: UUID, browser: str, given: Assertion) -> Entry:
    """The same where a sign-in waits."""
    return _go_on(ctx, by_browser(pending_id, browser), given, _of_browser(browser))


def reauthenticate_with_passkey(ctx: Context, given: Assertion) -> Session:
    """Confirm who the caller is: the same session has proved more. Raises PasskeyRefused."""
    factor = prove_passkey(
        ctx, given, purpose=_to_confirm(ctx), refused=FactorRefused, user_id=ctx.user_id
    )
    return confirmed_by(ctx, factor)


def _go_on(ctx: Context, which: Which, given: Assertion, purpose: str) -> Entry:
    def prove(waiting: Row[Any]) -> Proven:
        return prove_passkey(
            ctx, given, purpose=purpose, refused=FactorRefused, user_id=waiting.user_id
        )

    return go_on(ctx, which, prove)


def _alone(ctx: Context, given: Assertion, purpose: str, *, remember_me: bool) -> Entry:
    factor = prove_passkey(ctx, given, purpose=purpose, refused=SignInRefused, verified=True)
    entry = Entry(
        user_id=factor.user_id,
        amr=factor.amr,
        remember_me=remember_me,
        device=known_device(ctx, factor.user_id),
        model=factor.model,
        factor=factor,
    )
    return enter(ctx, entry)


def _of_browser(browser: str) -> str:
    return f"{IN_BROWSER} {browser}"


def _to_confirm(ctx: Context) -> str:
    return f"{TO_CONFIRM} {ctx.session_id}"
