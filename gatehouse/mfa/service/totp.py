"""Authenticator apps: set up by a code that is right, removed by their owner."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from gatehouse.accounts.models import User
from gatehouse.accounts.queries import hold_own_account, own_account
from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.mfa.errors import (
    EnrolmentNotBegun,
    EnrolmentOver,
    NoFactor,
    TotpEnrolledAlready,
    TotpNotEnrolled,
    WrongCode,
)
from gatehouse.mfa.events import FactorsReset, RecoveryCodesMade, TotpEnrolled, TotpRemoved
from gatehouse.mfa.models import Passkey, Totp
from gatehouse.mfa.queries import factors_of, totp_of
from gatehouse.mfa.rules.codes import OTP, enrolment_uri, new_secret, step_of
from gatehouse.mfa.service.codes import forget_codes, let_codes_count, make_codes
from gatehouse.mfa.service.confirming import confirm_along
from gatehouse.mfa.service.fresh import refuse_without_own_factor
from gatehouse.mfa.service.proving import begin, open_secret, purpose_of
from gatehouse.mfa.service.removing import refuse_if_needed
from gatehouse.sessions.service import confirm, end_sessions, refuse_without_a_fresh_factor


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is shown once, to be read by an app and to be kept."""

    secret: str
    uri: str
    codes: list[str]


def enrol_totp(ctx: Context) -> Enrolment:
    """Begin to set up an app: what was begun before and not confirmed is void.

    Whoever has a factor must have used it a moment ago. Raises TotpEnrolledAlready, StepUpRequired.
    """
    user, there = own_account(ctx), totp_of(ctx, ctx.user_id)
    if there is not None and there.confirmed_at is not None:
        raise TotpEnrolledAlready
    refuse_without_own_factor(ctx)
    secret = new_secret()
    sealed = ctx.runtime.keyring.seal(secret.encode(), purpose_of(user.id))
    row = there or Totp(user_id=user.id)
    row.secret_sealed, row.created_at, row.last_step = sealed, ctx.now, 0
    row.begun_in = ctx.session_id
    ctx.db.add(row)
    codes = make_codes(ctx, user.id, counting=False)
    return Enrolment(secret, _uri(ctx, user, secret), codes)


def find_enrolment(ctx: Context) -> Enrolment | None:
    """What this session began and has not confirmed yet; its codes are not known any more."""
    there = totp_of(ctx, ctx.user_id)
    if there is None or there.confirmed_at is not None or there.begun_in != ctx.session_id:
        return None
    secret = open_secret(ctx, ctx.user_id, there.secret_sealed)
    return Enrolment(secret, _uri(ctx, own_account(ctx), secret), [])


def _uri(ctx: Context, user: User, secret: str) -> str:
    return enrolment_uri(secret, account=user.email, issuer=ctx.settings.service_name)


def confirm_totp(ctx: Context, code: str) -> None:
    """Let the app count from now on, if it gives the right code. The session has used it then.

    It is the one that began: nobody sets up an app whose secret somebody else was shown. Whoever
    has come by a factor since has used it, too (threat 129).

    Raises EnrolmentNotBegun, TotpEnrolledAlready, WrongCode, TooManyWrongPasswords, EnrolmentOver,
    StepUpRequired.
    """
    sealed = _begun(ctx)
    guess = begin(ctx, ctx.user_id, device=f"session {ctx.session_id}")
    secret = open_secret(ctx, ctx.user_id, sealed)
    step = step_of(code, secret, now=ctx.now.timestamp(), last_step=0)
    if step is None or guess.is_locked:
        guess.was_wrong(ctx, "wrong_code")
        raise WrongCode
    guess.was_right(ctx)
    hold_own_account(ctx)
    refuse_without_own_factor(ctx)
    counts = update(Totp).where(
        Totp.user_id == ctx.user_id, Totp.secret_sealed == sealed, Totp.confirmed_at.is_(None)
    )
    if not ctx.execute(counts.values(confirmed_at=ctx.now, last_step=step)):
        raise EnrolmentOver
    let_codes_count(ctx, ctx.user_id)
    confirm(ctx, amr=(OTP,))
    record(ctx, TotpEnrolled(user_id=ctx.user_id))


def confirm_totp_with_codes(ctx: Context, code: str) -> list[str]:
    """The same for pages, where codes to recover with are shown only now: those of the enrolment
    are void, and nobody has seen them.
    """
    confirm_totp(ctx, code)
    return make_codes(ctx, ctx.user_id, counting=True)


def _begun(ctx: Context) -> str:
    columns = select(Totp.secret_sealed, Totp.confirmed_at, Totp.begun_in)
    row = ctx.glance(columns.where(Totp.user_id == ctx.user_id))
    if row is None:
        raise EnrolmentNotBegun
    if row.confirmed_at is not None:
        raise TotpEnrolledAlready
    if row.begun_in != ctx.session_id:
        raise EnrolmentOver
    return str(row.secret_sealed)


def disable_totp(ctx: Context, **proof: Any) -> None:
    """The same with a proof along, as in ``confirm_along``."""
    confirm_along(ctx, **proof)
    remove_totp(ctx)


def remove_totp(ctx: Context) -> None:
    """Codes to recover with go along with the last factor.

    Raises StepUpRequired, TotpNotEnrolled, FactorNeeded: a password alone removes no factor (threat
    130).
    """
    hold_own_account(ctx)
    held = factors_of(ctx, ctx.user_id)
    if held.is_any:
        refuse_without_a_fresh_factor(ctx)
    if held.totp:
        refuse_if_needed(ctx, replace(held, totp=False))
    gone = delete(Totp).where(Totp.user_id == ctx.user_id, Totp.confirmed_at.is_not(None))
    if not ctx.execute(gone):
        raise TotpNotEnrolled
    if not factors_of(ctx, ctx.user_id).is_any:
        forget_codes(ctx, ctx.user_id)
    record(ctx, TotpRemoved(user_id=ctx.user_id))


def reset_factors(ctx: Context, user_id: UUID) -> bool:
    """Take all factors from an account, for somebody who has lost them. All its sessions end.

    Returns whether there was one. Whoever calls has asked whether that is right; it is mailed.
    """
    had = forget_factors(ctx, user_id)
    if had:
        end_sessions(ctx, user_id, reason="factors_reset")
        record(ctx, FactorsReset(user_id=user_id))
    return bool(had)


def forget_factors(ctx: Context, user_id: UUID) -> int:
    """Delete all factors of an account, and the codes. Returns how many factors there were."""
    forget_codes(ctx, user_id)
    return sum(ctx.execute(delete(kind).where(kind.user_id == user_id)) for kind in (Totp, Passkey))


def regenerate_codes(ctx: Context, **proof: Any) -> list[str]:
    """The same as ``renew_codes`` with a proof along, as in ``confirm_along``."""
    confirm_along(ctx, **proof)
    return renew_codes(ctx)


def renew_codes(ctx: Context) -> list[str]:
    """Ten new codes to recover with; those before are void.

    Raises NoFactor, StepUpRequired.
    """
    if not factors_of(ctx, ctx.user_id).is_any:
        raise NoFactor
    refuse_without_a_fresh_factor(ctx)
    codes = make_codes(ctx, ctx.user_id, counting=True)
    record(ctx, RecoveryCodesMade(user_id=ctx.user_id))
    return codes
