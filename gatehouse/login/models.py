"""Tables of the login domain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class PendingLogin(Model):
    """Somebody who has proved one thing and is asked for another. Ten minutes, five tries, once.

    ``proved_at`` is when the password was set that was right, ``amr`` what was done so far;
    ``device`` is the name by which the account knows where it began, empty if it does not. Whoever
    has the token goes on, or the browser in which it began.
    """

    __tablename__ = "pending_logins"
    __table_args__ = (
        Index("ix_pending_logins_expires_at", "expires_at"),
        Index("ix_pending_logins_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    browser_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    amr: Mapped[str] = mapped_column(String(100))
    proved_at: Mapped[datetime | None]
    remember_me: Mapped[bool]
    device: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
