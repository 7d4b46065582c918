"""Tables of the recovery domain."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model

PENDING = text("cancelled_at IS NULL AND done_at IS NULL")


class ResetStatus(StrEnum):
    PENDING = "pending"
    CANCELLED = "cancelled"
    DONE = "done"


class FactorReset(Model):
    """An approval to take all second factors from an account once ``due_at`` has come.

    ``org_id`` is the organization that approved, none if an operator did. ``reason`` is how the
    approver made sure who it is. The link that cancels it is made of ``nonce``, and never stored.
    """

    __tablename__ = "factor_resets"
    __table_args__ = (
        Index(
            "uq_factor_resets_one_pending",
            "user_id",
            unique=True,
            postgresql_where=PENDING,
            sqlite_where=PENDING,
        ),
        Index("ix_factor_resets_due_at", "due_at", postgresql_where=PENDING, sqlite_where=PENDING),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    approved_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    org_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[str] = mapped_column(String(500))
    nonce: Mapped[str] = mapped_column(String(32))
    due_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def status(self) -> ResetStatus:
        if self.done_at is not None:
            return ResetStatus.DONE
        return ResetStatus.PENDING if self.cancelled_at is None else ResetStatus.CANCELLED
