"""Codes of factors: as the second step of a sign-in, and to confirm who is signed in."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from gatehouse.accounts.queries import hold_account
from gatehouse.core.context import Context
from gatehouse.core.errors import InvalidToken
from gatehouse.login.service.gate import Entry
from gatehouse.login.service.password import confirmed, this_device
from gatehouse.login.service.waiting import Prove, by_browser, by_token, go_on
from gatehouse.mfa.rules.codes import CODE
from gatehouse.mfa.service import Proven, prove_recovery_code, prove_totp, use
from gatehouse.sessions.models import Session


def answer_with_code(ctx: Context, *, token: str, code: str, is_recovery_code: bool) -> Entry:
    """Go on with a sign-in that waits for a factor.

    Raises PendingOver, WrongCode, TooManyWrongPasswords, AccountSuspended, AccountNotActivated.
    """
    return go_on(ctx, by_token(token), _proof_of(ctx, code, is_recovery_code=is_recovery_code))


def answer_in_browser(ctx: Context, pending_id: UUID, browser: str, code: str) -> Entry:
    """The same where it began. Six digits are a code of the app; all else is one to recover."""
    typed, is_recovery_code = _as_typed(code)
    prove = _proof_of(ctx, typed, is_recovery_code=is_recovery_code)
    return go_on(ctx, by_browser(pending_id, browser), prove)


def reauthenticate_with_typed(ctx: Context, code: str) -> Session:
    """The same for whoever is in already."""
    typed, is_recovery_code = _as_typed(code)
    return reauthenticate_with_code(ctx, typed, is_recovery_code=is_recovery_code)


def reauthenticate_with_code(ctx: Context, code: str, *, is_recovery_code: bool) -> Session:
    """Confirm who the caller is by a factor: the same session has proved more from now on.

    Raises WrongCode, TooManyWrongPasswords, InvalidToken.
    """
    prove = prove_recovery_code if is_recovery_code else prove_totp
    factor = prove(ctx, ctx.user_id, code, device=f"session {ctx.session_id}")
    return confirmed_by(ctx, factor)


def confirmed_by(ctx: Context, factor: Proven) -> Session:
    """Use the factor up, and note it in the session. Raises InvalidToken if the account went."""
    if hold_account(ctx, ctx.user_id) is None:
        raise InvalidToken
    use(ctx, factor)
    return confirmed(ctx, factor.amr, factor.model)


def _as_typed(code: str) -> tuple[str, bool]:
    """What a person typed, and whether it is a code to recover with."""
    digits = code.replace(" ", "")
    is_recovery_code = CODE.fullmatch(digits) is None
    return (code if is_recovery_code else digits), is_recovery_code


def _proof_of(ctx: Context, code: str, *, is_recovery_code: bool) -> Prove:
    prove = prove_recovery_code if is_recovery_code else prove_totp

    def prove_for(waiting: Row[Any]) -> Proven:
        # A device that has been here may try although strangers have tried too often: the one that
        # began, and by the name by which it was here, not by any that it says now.
        device = waiting.device if waiting.device == this_device(ctx) else ""
        return prove(ctx, waiting.user_id, code, device=device)

    return prove_for
