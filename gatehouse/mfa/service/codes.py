"""Recovery codes: made ten at a time, each good once."""

from secrets import token_bytes
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from uuid_utils.compat import uuid7

from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint
from gatehouse.mfa.models import RecoveryCode
from gatehouse.mfa.queries import living_codes
from gatehouse.mfa.rules.codes import RECOVERY_BYTES, RECOVERY_CODES, recovery_code


def code_hash(ctx: Context, user_id: UUID, code: str) -> bytes:
    """Of 64 random bits: with a key, so that rows alone are of no use to whoever tries them all."""
    text = fingerprint(ctx.settings.secret_key, "recovery code", f"{user_id}\n{code}")
    return bytes.fromhex(text)


def make_codes(ctx: Context, user_id: UUID, *, counting: bool) -> list[str]:
    """Ten new ones. Those that do not count yet take the place of such from before."""
    gone = delete(RecoveryCode).where(RecoveryCode.user_id == user_id)
    if not counting:
        gone = gone.where(RecoveryCode.counts_from.is_(None))
    ctx.execute(gone)
    codes = [recovery_code(token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    rows = [
        {
            "id": uuid7(),
            "created_at": ctx.now,
            "user_id": user_id,
            "code_hash": code_hash(ctx, user_id, code),
            "counts_from": ctx.now if counting else None,
        }
        for code in codes
    ]
    ctx.db.execute(insert(RecoveryCode), rows)
    return codes


def let_codes_count(ctx: Context, user_id: UUID) -> None:
    """Those of an enrolment that is confirmed now; those before are void. If others were made since
    it was begun, they stay.
    """
    own = RecoveryCode.user_id == user_id
    begun = select(RecoveryCode.id).where(own, RecoveryCode.counts_from.is_(None)).limit(1)
    if ctx.db.scalar(begun) is None:
        return
    ctx.execute(delete(RecoveryCode).where(own, RecoveryCode.counts_from.is_not(None)))
    ctx.execute(update(RecoveryCode).where(own).values(counts_from=ctx.now))


def spend_code(ctx: Context, user_id: UUID, hashed: bytes) -> bool:
    """Use a code up. Of many who show it at once, one hears that it was good."""
    spent = update(RecoveryCode).where(
        RecoveryCode.user_id == user_id,
        RecoveryCode.code_hash == hashed,
        RecoveryCode.counts_from.is_not(None),
        RecoveryCode.used_at.is_(None),
    )
    return ctx.execute(spent.values(used_at=ctx.now)) == 1


def codes_left(ctx: Context, user_id: UUID) -> int:
    statement = living_codes(user_id).with_only_columns(func.count())
    return ctx.db.scalar(statement) or 0


def forget_codes(ctx: Context, user_id: UUID) -> None:
    ctx.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def is_living(ctx: Context, user_id: UUID, hashed: bytes) -> bool:
    """Whether somebody has such a code, before the transaction that uses it up."""
    living = living_codes(user_id).where(RecoveryCode.code_hash == hashed)
    return ctx.glance(living.limit(1)) is not None
