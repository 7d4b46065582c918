"""Tables of the sessions domain."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words


class SessionStatus(StrEnum):
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


class Session(Model):
    """A sign-in that lasts. The token itself is not here, only its SHA-256.

    ``expires_at`` slides with use and never passes ``ends_at``. ``amr`` holds the methods that
    were proved (RFC 8176), with blanks between, ``auth_time`` when that was last done, and
    ``mfa_time`` when it was by more than a password. ``model`` is the AAGUID of the passkey that
    was used, if its maker vouched for it.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id_status", "user_id", "status"),
        Index("ix_sessions_status_expires_at", "status", "expires_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    status: Mapped[SessionStatus] = mapped_column(
        words(SessionStatus), default=SessionStatus.ACTIVE
    )
    expires_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    idle_seconds: Mapped[int]
    last_seen_at: Mapped[datetime]
    auth_time: Mapped[datetime]
    mfa_time: Mapped[datetime | None]
    amr: Mapped[str] = mapped_column(String(100))
    model: Mapped[UUID | None] = mapped_column(default=None)
    ip: Mapped[str | None] = mapped_column(String(45))
    network: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    end_reason: Mapped[str | None] = mapped_column(String(50), default=None)
