"""Tables of the mfa domain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class Totp(Model):
    """The authenticator app of a person (RFC 6238): its secret sealed, and the last time step for
    which a code was taken, so that each is good once. It counts from ``confirmed_at`` on.
    """

    __tablename__ = "totps"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    secret_sealed: Mapped[str] = mapped_column(String(200))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)


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
