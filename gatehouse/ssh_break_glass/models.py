"""Tables of certificates for emergencies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class BreakGlass(Model):
    """The one of an organization that is sealed now, and which days' warning its owners had."""

    __tablename__ = "ssh_break_glasses"

    org_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), unique=True
    )
    authority_key_id: Mapped[UUID] = mapped_column(
        ForeignKey("ssh_authority_keys.id", ondelete="CASCADE"), index=True
    )
    certificate_id: Mapped[UUID] = mapped_column(
        ForeignKey("ssh_certificates.id", ondelete="CASCADE"), index=True
    )
    sealed_by: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    warned_days: Mapped[int | None]
