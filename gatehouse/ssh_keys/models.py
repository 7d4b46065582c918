"""Tables of SSH keys."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class SshKey(Model):
    """A public key of a person. It counts once they have signed a challenge with it.

    ``fingerprint`` is as ``ssh-keygen -lf`` prints it, ``application`` that of a FIDO key;
    ``proved_with_pin`` says that its owner gave a PIN or a finger to that. Others may have the same
    key: whoever proves it has it.
    """

    __tablename__ = "ssh_keys"
    __table_args__ = (
        Index("uq_ssh_keys_user_id_fingerprint", "user_id", "fingerprint", unique=True),
        Index("ix_ssh_keys_fingerprint", "fingerprint"),
        Index("ix_ssh_keys_verified_at_created_at", "verified_at", "created_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(64))
    blob: Mapped[bytes] = mapped_column(LargeBinary(16384))
    fingerprint: Mapped[str] = mapped_column(String(50))
    bits: Mapped[int]
    application: Mapped[str | None] = mapped_column(String(255))
    comment: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(255), default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    proved_with_pin: Mapped[bool] = mapped_column(default=False)
    challenge_nonce: Mapped[bytes | None] = mapped_column(LargeBinary(16), default=None)
    challenge_expires_at: Mapped[datetime | None] = mapped_column(default=None)
    challenge_used_at: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
