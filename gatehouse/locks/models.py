"""The table of locks."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class UserLock(Model):
    """Somebody who gets no certificate and no network of an organization until it is lifted. It
    stays if they leave, and holds if they come again.
    """

    __tablename__ = "user_locks"
    __table_args__ = (Index("uq_user_locks_org_id_user_id", "org_id", "user_id", unique=True),)

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    locked_by: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(String(255))
