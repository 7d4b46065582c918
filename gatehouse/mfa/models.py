"""Tables of the mfa domain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class Totp(Model):
    """The authenticator app of a person (RFC 6238): its secret sealed, and the last time step for
    which a code was taken, so that each is good once. It counts from ``confirmed_at`` on; until
    then it is that session's which began it.
    """

    __tablename__ = "totps"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    secret_sealed: Mapped[str] = mapped_column(String(200))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_in: Mapped[UUID | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)


class Passkey(Model):
    """A key pair that an authenticator keeps for a person (WebAuthn 4, "credential"); here is the
    public half, as COSE.

    ``sign_count`` is the last one that it told, 0 where it counts nothing. ``model`` is its AAGUID
    as it says; ``is_attested`` that its maker vouched for that. ``is_synced``: it may be copied to
    other devices of the person (backup eligibility), ``is_backed_up`` that it was.
    """

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(2048))
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100))
    model: Mapped[UUID]
    is_attested: Mapped[bool]
    is_synced: Mapped[bool]
    is_backed_up: Mapped[bool]
    transports: Mapped[str] = mapped_column(String(100))
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)


class RecoveryCode(Model):
    """A code that is good once in place of a factor; of it only a keyed hash. Those of an enrolment
    that is not confirmed do not count yet.
    """

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("uq_recovery_codes_code", "user_id", "code_hash", unique=True),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    counts_from: Mapped[datetime | None] = mapped_column(default=None)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
