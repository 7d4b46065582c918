"""The second step of a sign-in: a factor, for whoever has proved a first one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from gatehouse.accounts.queries import hold_account
from gatehouse.accounts.service import Proof
from gatehouse.core.context import Context
from gatehouse.core.errors import InvalidToken
from gatehouse.core.tokens import hash_token, is_well_formed
from gatehouse.login.errors import PendingOver
from gatehouse.login.models import PendingLogin
from gatehouse.login.service.gate import PENDING, Entry, enter
from gatehouse.login.service.password import confirmed
from gatehouse.mfa.queries import Held, factors_of
from gatehouse.mfa.rules import CODE
from gatehouse.mfa.service import prove_recovery_code, prove_totp, use
from gatehouse.sessions.models import Session

MOST_TRIES = 5
WAITING = PendingLogin.metadata.tables[PendingLogin.__tablename__]


def answer_with_code(ctx: Context, *, token: str, code: str, is_recovery_code: bool) -> Entry:
    """Go on with a sign-in that waits for a factor.

    Raises PendingOver, WrongCode, TooManyWrongPasswords, AccountSuspended, AccountNotActivated.
    """
    if not is_well_formed(token, PENDING):
        raise PendingOver
    which = (WAITING.c.token_hash == hash_token(token),)
    return _answer(ctx, which, code, is_recovery_code=is_recovery_code)


def answer_in_browser(ctx: Context, pending_id: UUID, browser: str, code: str) -> Entry:
    """The same where it began. Six digits are a code of the app; all else is one to recover."""
    typed, is_recovery_code = _as_typed(code)
    return _answer(ctx, _of(pending_id, browser), typed, is_recovery_code=is_recovery_code)


def reauthenticate_with_typed(ctx: Context, code: str) -> Session:
    """The same for whoever is in already."""
    typed, is_recovery_code = _as_typed(code)
    return reauthenticate_with_code(ctx, typed, is_recovery_code=is_recovery_code)


def _as_typed(code: str) -> tuple[str, bool]:
    """What a person typed, and whether it is a code to recover with."""
    digits = code.replace(" ", "")
    is_recovery_code = CODE.fullmatch(digits) is None
    return (code if is_recovery_code else digits), is_recovery_code


def find_pending(ctx: Context, pending_id: UUID, browser: str) -> Held | None:
    """The factors of whoever is asked for one, while that lasts."""
    statement = select(WAITING.c.user_id).where(*_living(ctx), *_of(pending_id, browser))
    user_id = ctx.db.scalar(statement)
    return factors_of(ctx, user_id) if user_id is not None else None


def reauthenticate_with_code(ctx: Context, code: str, *, is_recovery_code: bool) -> Session:
    """Confirm who the caller is by a factor: the same session has proved more from now on.

    Raises WrongCode, TooManyWrongPasswords, InvalidToken.
    """
    prove = prove_recovery_code if is_recovery_code else prove_totp
    factor = prove(ctx, ctx.user_id, code, device=f"session {ctx.session_id}")
    if hold_account(ctx, ctx.user_id) is None:
        raise InvalidToken
    use(ctx, factor)
    return confirmed(ctx, factor.amr)


def _of(pending_id: UUID, browser: str) -> tuple[Any, ...]:
    return WAITING.c.id == pending_id, WAITING.c.browser_hash == hash_token(browser)


def _living(ctx: Context) -> tuple[Any, ...]:
    return (
        WAITING.c.tries < MOST_TRIES,
        WAITING.c.used_at.is_(None),
        WAITING.c.expires_at > ctx.now,
    )


def _answer(ctx: Context, which: tuple[Any, ...], code: str, *, is_recovery_code: bool) -> Entry:
    waiting = _try(ctx, which)
    prove = prove_recovery_code if is_recovery_code else prove_totp
    # A device that has been here may try although strangers have tried too often.
    device = "" if waiting.is_new_device else f"known {ctx.origin.user_agent}"
    factor = prove(ctx, waiting.user_id, code, device=device)
    _close(ctx, waiting.id)
    entry = Entry(
        user_id=waiting.user_id,
        amr=(*waiting.amr.split(), factor.amr),
        remember_me=waiting.remember_me,
        is_new_device=waiting.is_new_device,
        proof=_proof(waiting.user_id, waiting.proved_at),
        factor=factor,
    )
    return enter(ctx, entry)


def _try(ctx: Context, which: tuple[Any, ...]) -> Row[Any]:
    """Count a try before anybody looks at it, in a statement of its own: of any number at once no
    more than five are looked at.
    """
    tried = update(WAITING).where(*_living(ctx), *which).values(tries=WAITING.c.tries + 1)
    ctx.stay_out_of_the_transaction()
    with ctx.runtime.short.connect() as db:
        row = db.execute(tried.returning(WAITING)).first()
    if row is None:
        raise PendingOver
    return row


def _close(ctx: Context, pending_id: UUID) -> None:
    used = update(PendingLogin).where(PendingLogin.id == pending_id, PendingLogin.used_at.is_(None))
    if not ctx.execute(used.values(used_at=ctx.now)):
        raise PendingOver


def _proof(user_id: UUID, changed_at: datetime | None) -> Proof | None:
    return Proof(user_id, "", changed_at) if changed_at is not None else None
