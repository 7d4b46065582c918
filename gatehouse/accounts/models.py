"""Tables of the accounts domain."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.accounts.events import LinkPurpose
from gatehouse.core.db import Model, Removable, found_when_removed, unique_among_the_living, words


class AccountStatus(StrEnum):
    """``inactive`` is an account that was made for somebody who has not claimed it yet."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class User(Removable, Model):
    """A person. ``email`` is as they wrote it, ``email_key`` is what is unique."""

    __tablename__ = "users"
    __table_args__ = (
        unique_among_the_living("uq_users_email_key", "email_key"),
        found_when_removed("ix_users_deleted_at"),
    )

    email: Mapped[str] = mapped_column(String(255))
    email_key: Mapped[str] = mapped_column(String(255))
    email_verified: Mapped[bool] = mapped_column(default=False)
    full_name: Mapped[str | None] = mapped_column(String(255), default=None)
    avatar_url: Mapped[str | None] = mapped_column(String(512), default=None)
    status: Mapped[AccountStatus] = mapped_column(
        words(AccountStatus), default=AccountStatus.ACTIVE
    )
    is_operator: Mapped[bool] = mapped_column(default=False)
    last_login_at: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))

    @property
    def activated(self) -> bool:
        return self.status is not AccountStatus.INACTIVE


class AccountLink(Model):
    """A link that was mailed. The link is made of the row and a key, and is in neither alone.

    One of each purpose for an account, the newest; but every change of address can be undone.
    ``address`` is the new one to confirm, or the old one to bring back; once that has happened, the
    one that the account had until then.
    """

    __tablename__ = "account_links"
    __table_args__ = (
        Index(
            "uq_account_links_newest",
            "user_id",
            "purpose",
            unique=True,
            postgresql_where=text("purpose <> 'undo_email_change'"),
            sqlite_where=text("purpose <> 'undo_email_change'"),
        ),
        Index("ix_account_links_expires_at", "expires_at"),
        Index("ix_account_links_address_key", "address_key"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(words(LinkPurpose))
    nonce: Mapped[str] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(255), default=None)
    address_key: Mapped[str | None] = mapped_column(String(255), default=None)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class Credential(Model):
    """A person's password, as a slow hash. An account without one signs in another way."""

    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime]
