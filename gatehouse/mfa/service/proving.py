"""Proving that one has a code: it is looked at before the transaction, and used up in it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import bindparam, update

from gatehouse.accounts.service import Guess, begin_guess
from gatehouse.audit.service import record, record_attempt
from gatehouse.core.context import Context
from gatehouse.core.errors import GatehouseError
from gatehouse.core.events import Event
from gatehouse.mfa.errors import WrongCode
from gatehouse.mfa.events import FactorRefused, RecoveryCodeUsed
from gatehouse.mfa.queries import CONFIRMED_TOTP, TOTPS
from gatehouse.mfa.rules.codes import OTP, as_recovery_code, step_of
from gatehouse.mfa.service.codes import code_hash, codes_left, is_living, spend_code

# A step is used once: of many at once, one hears that it was.
STEP_USED = (
    update(TOTPS)
    .where(
        TOTPS.c.user_id == bindparam("user"),
        TOTPS.c.confirmed_at.is_not(None),
        TOTPS.c.last_step < bindparam("step"),
    )
    .values(last_step=bindparam("step"))
)
Recorded = Callable[..., Event]  # what makes the event of a refusal


@dataclass(frozen=True, slots=True)
class Proven:
    """A factor was right. ``spend`` uses it up, in the transaction, and says whether it was still
    good, else ``error`` is raised; ``amr`` is what was done (RFC 8176). ``model`` is that of a
    passkey for which its maker vouched.
    """

    user_id: UUID
    amr: tuple[str, ...]
    spend: Callable[[Context], bool]
    model: UUID | None = None
    error: Callable[[], GatehouseError] = WrongCode


def begin(ctx: Context, user_id: UUID, *, device: str) -> Guess:
    """Count a try at any factor of an account, wherever it comes from. Raises
    TooManyWrongPasswords.
    """
    account = f"factors of {user_id}"
    return begin_guess(ctx, user_id=user_id, account=account, device=device, refused=FactorRefused)


def prove_totp(ctx: Context, user_id: UUID, code: str, *, device: str) -> Proven:
    """Raises WrongCode, TooManyWrongPasswords. ``device`` is as in ``begin_guess``."""
    row = ctx.glance(CONFIRMED_TOTP, user=user_id)
    guess = begin(ctx, user_id, device=device)
    now, step = ctx.now.timestamp(), None
    if row is not None:
        secret = open_secret(ctx, user_id, row.secret_sealed)
        step = step_of(code, secret, now=now, last_step=row.last_step)
    if step is None or guess.is_locked:
        guess.was_wrong(ctx, "wrong_code")
        raise WrongCode
    _forget_if_refused(ctx, guess)
    return Proven(user_id, (OTP,), partial(_use_step, guess=guess, user_id=user_id, step=step))


def prove_recovery_code(ctx: Context, user_id: UUID, typed: str, *, device: str) -> Proven:
    """Raises WrongCode, TooManyWrongPasswords."""
    hashed = code_hash(ctx, user_id, as_recovery_code(typed))
    is_there = is_living(ctx, user_id, hashed)
    guess = begin(ctx, user_id, device=device)
    if not is_there or guess.is_locked:
        guess.was_wrong(ctx, "wrong_recovery_code")
        raise WrongCode
    _forget_if_refused(ctx, guess)
    spend = partial(_use_recovery_code, guess=guess, user_id=user_id, hashed=hashed)
    return Proven(user_id, (OTP,), spend)


def _forget_if_refused(ctx: Context, guess: Guess) -> None:
    """A right try is no guess, whatever becomes of the act: what ``spend`` has forgotten comes back
    with a transaction that fails.
    """
    ctx.after_refusal(lambda again: guess.was_right(again, within=again.db))


def use(ctx: Context, proven: Proven) -> None:
    """Use the factor up. Raises WrongCode or PasskeyRefused if somebody was first."""
    if not proven.spend(ctx):
        record_attempt(ctx, FactorRefused(user_id=proven.user_id, reason="used_already"))
        raise proven.error()


def _use_step(ctx: Context, *, guess: Guess, user_id: UUID, step: int) -> bool:
    guess.was_right(ctx, within=ctx.db)
    return ctx.execute(STEP_USED, {"user": user_id, "step": step}) == 1


def _use_recovery_code(ctx: Context, *, guess: Guess, user_id: UUID, hashed: bytes) -> bool:
    guess.was_right(ctx, within=ctx.db)
    if not spend_code(ctx, user_id, hashed):
        return False
    record(ctx, RecoveryCodeUsed(user_id=user_id, left=codes_left(ctx, user_id)))
    return True


def purpose_of(user_id: UUID) -> str:
    """What a sealed secret is for: it cannot be moved to another account."""
    return f"totp of {user_id}"


def open_secret(ctx: Context, user_id: UUID, sealed: str) -> str:
    return ctx.runtime.keyring.open(sealed, purpose_of(user_id)).decode()
