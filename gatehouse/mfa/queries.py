"""Reading which factors somebody has. Every query is bound to one account."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from gatehouse.core.context import Context
from gatehouse.mfa.models import RecoveryCode, Totp


@dataclass(frozen=True, slots=True)
class Held:
    """The factors of a person, with how many recovery codes are left."""

    totp: bool
    recovery_codes: int

    @property
    def is_any(self) -> bool:
        return self.totp


def confirmed_totp(user_id: UUID) -> Any:
    return select(Totp.secret_sealed, Totp.last_step).where(
        Totp.user_id == user_id, Totp.confirmed_at.is_not(None)
    )


def living_codes(user_id: UUID) -> Any:
    return select(RecoveryCode.id).where(
        RecoveryCode.user_id == user_id,
        RecoveryCode.counts_from.is_not(None),
        RecoveryCode.used_at.is_(None),
    )


def factors_of(ctx: Context, user_id: UUID) -> Held:
    """What somebody has by now."""
    totp = confirmed_totp(user_id).with_only_columns(Totp.id).exists()
    codes = living_codes(user_id).with_only_columns(func.count()).scalar_subquery()
    row = ctx.db.execute(select(totp.label("totp"), codes.label("codes"))).one()
    return Held(totp=row.totp, recovery_codes=row.codes)


def totp_of(ctx: Context, user_id: UUID) -> Totp | None:
    found: Totp | None = ctx.db.scalar(select(Totp).where(Totp.user_id == user_id))
    return found


def status_of(ctx: Context) -> dict[str, Any]:
    """The caller's app and codes, as they may see them."""
    row, held = totp_of(ctx, ctx.user_id), factors_of(ctx, ctx.user_id)
    return {
        "totp_enabled": held.totp,
        "verified_at": row.confirmed_at if row else None,
        "backup_codes_remaining": held.recovery_codes,
    }


def second_factors(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """What an export tells of a person's factors: that they are there, not how they are used."""
    row, codes = totp_of(ctx, user_id), living_codes(user_id).with_only_columns(func.count())
    return {
        "authenticator_app": {"created_at": row.created_at, "confirmed_at": row.confirmed_at}
        if row
        else None,
        "recovery_codes_left": ctx.db.scalar(codes),
    }
