"""Reading which factors somebody has. Every query is bound to one account."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, literal, select, true

from gatehouse.accounts.models import User
from gatehouse.core.assurance import MFA, PHISHING_RESISTANT, PWD
from gatehouse.core.context import Context
from gatehouse.mfa.errors import PasskeyNotFound
from gatehouse.mfa.models import Passkey, RecoveryCode, Totp

NO_PASSKEY = UUID(int=0)
TOTPS = Totp.metadata.tables[Totp.__tablename__]
# These are asked at every sign-in: to make them takes longer than to run them.
CONFIRMED_TOTP = select(TOTPS.c.secret_sealed, TOTPS.c.last_step).where(
    TOTPS.c.user_id == bindparam("user", type_=Uuid()), TOTPS.c.confirmed_at.is_not(None)
)


@dataclass(frozen=True, slots=True)
class Held:
    """The factors of a person, with how many recovery codes are left. ``models`` are the AAGUIDs of
    those passkeys for which their maker vouched.
    """

    totp: bool = False
    passkeys: int = 0
    models: frozenset[UUID] = frozenset()
    recovery_codes: int = 0

    @property
    def is_any(self) -> bool:
        return self.totp or self.passkeys > 0

    @property
    def acr(self) -> str:
        """The class that somebody reaches who uses the best of them beside a password."""
        if self.passkeys:
            return PHISHING_RESISTANT
        return MFA if self.is_any or self.recovery_codes else PWD


def living_codes(user_id: Any) -> Any:
    return select(RecoveryCode.id).where(
        RecoveryCode.user_id == user_id,
        RecoveryCode.counts_from.is_not(None),
        RecoveryCode.used_at.is_(None),
    )


def _factors() -> Any:
    """A row for each passkey, or one without any."""
    user = bindparam("user", type_=Uuid())
    totp = CONFIRMED_TOTP.with_only_columns(TOTPS.c.id).exists()
    codes = living_codes(user).with_only_columns(func.count()).scalar_subquery()
    has = select(totp.label("totp"), codes.label("codes")).subquery()
    kept = select(Passkey.model, Passkey.is_attested).where(
        Passkey.user_id == user, Passkey.id != bindparam("but", type_=Uuid())
    )
    keys = kept.subquery()
    return select(has, keys).outerjoin_from(has, keys, true())


FACTORS = _factors()


def factors_of(ctx: Context, user_id: UUID, *, but: UUID = NO_PASSKEY) -> Held:
    """What somebody has by now. ``but``: what they would have without this passkey."""
    rows = ctx.db.execute(FACTORS, {"user": user_id, "but": but}).all()
    return Held(
        totp=bool(rows[0].totp),
        passkeys=sum(row.model is not None for row in rows),
        models=frozenset(row.model for row in rows if row.is_attested),
        recovery_codes=rows[0].codes,
    )


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


def passkeys_of(user_id: UUID) -> Select[Any]:
    """In the order in which they were made."""
    return select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)


def passkeys_status(ctx: Context) -> dict[str, Any]:
    """Whether the caller has any."""
    count = factors_of(ctx, ctx.user_id).passkeys
    return {"webauthn_enabled": count > 0, "credential_count": count}


def own_passkeys(ctx: Context) -> list[Passkey]:
    return list(ctx.db.scalars(passkeys_of(ctx.user_id)))


def get_passkey(ctx: Context, passkey_id: UUID) -> Passkey:
    """One of the caller's own. Raises PasskeyNotFound."""
    found: Passkey | None = ctx.db.scalar(passkeys_of(ctx.user_id).where(Passkey.id == passkey_id))
    if found is None:
        raise PasskeyNotFound
    return found


def passkeys_by_email(key: str) -> Any:
    """Those of the account that has this address. If nobody has it there is a row without anything:
    that takes as long (threat 135).
    """
    kept = (
        select(Passkey.id, Passkey.credential_id, Passkey.transports, Passkey.user_id)
        .join(User, User.id == Passkey.user_id)
        .where(User.email_key == key, User.deleted_at.is_(None))
        .subquery()
    )
    columns = (kept.c.credential_id, kept.c.transports, kept.c.user_id)
    always = select(literal(1).label("one")).subquery()
    return select(*columns).select_from(always.outerjoin(kept, true())).order_by(kept.c.id)


def passkey_by_credential(credential_id: bytes) -> Any:
    """For a glance: whose it is and how it is verified."""
    names = ("id", "user_id", "public_key", "sign_count", "model", "is_attested", "is_synced")
    columns = [getattr(Passkey, name) for name in names]
    return select(*columns).where(Passkey.credential_id == credential_id)


def name_of_passkey(passkey_id: UUID) -> Any:
    """For a glance."""
    return select(Passkey.name).where(Passkey.id == passkey_id)


def second_factors(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """What an export tells of a person's factors: that they are there, not how they are used."""
    row, codes = totp_of(ctx, user_id), living_codes(user_id).with_only_columns(func.count())
    return {
        "authenticator_app": {"created_at": row.created_at, "confirmed_at": row.confirmed_at}
        if row
        else None,
        "passkeys": _told_of_passkeys(ctx, user_id),
        "recovery_codes_left": ctx.db.scalar(codes),
    }


def _told_of_passkeys(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    names = ("name", "created_at", "last_used_at", "model", "transports", "is_synced")
    rows = ctx.db.scalars(passkeys_of(user_id))
    return [{name: getattr(row, name) for name in names} for row in rows]
