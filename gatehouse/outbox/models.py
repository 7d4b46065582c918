"""Tables of the outbox domain."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words
from gatehouse.core.reactions import MAILS


class Outcome(StrEnum):
    """``dead``: given up, until an operator says to try again."""

    DELIVERED = "delivered"
    DEAD = "dead"


class Message(Model):
    """One event for one handler. Holds ids, never a secret: links are minted while sending.

    ``due_at`` is when it may be taken. Who takes it moves that on by the length of a lease and
    leaves ``lease``, so that the message of a worker that died comes up again by itself.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index(
            "ix_outbox_messages_lane_due_at_id",
            "lane",
            "due_at",
            "id",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
        Index("ix_outbox_messages_outcome_settled_at", "outcome", "settled_at"),
    )

    handler: Mapped[str] = mapped_column(String(100))
    event: Mapped[str] = mapped_column(String(100))
    lane: Mapped[str] = mapped_column(String(16), default=MAILS)
    payload: Mapped[dict[str, Any]]
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    request_id: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(32), default=None)
    last_error: Mapped[str | None] = mapped_column(String(500), default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome), default=None)
