"""Tables of the organizations domain."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatehouse.accounts.models import User
from gatehouse.core.db import Model, Removable, found_when_removed, unique_among_the_living, words
from gatehouse.core.roles import Role


class Organization(Removable, Model):
    """A tenant. Everything that belongs to one carries its id. Nothing counts that its applications
    were given until ``tokens_not_before``.
    """

    __tablename__ = "organizations"
    __table_args__ = (
        unique_among_the_living("uq_organizations_slug", "slug"),
        found_when_removed("ix_organizations_deleted_at"),
    )

    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(63))
    description: Mapped[str | None] = mapped_column(String(2000), default=None)
    logo_url: Mapped[str | None] = mapped_column(String(512), default=None)
    is_active: Mapped[bool] = mapped_column(default=True)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tokens_not_before: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class Invite(Removable, Model):
    """A place that was offered to an address. The link in its mail is derived, never stored.

    Revoked ones are removed. An address has one that is pending in each organization.
    """

    __tablename__ = "invites"
    __table_args__ = (
        Index(
            "uq_invites_one_pending_per_address",
            "org_id",
            "email_key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND accepted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL AND accepted_at IS NULL"),
        ),
        Index("ix_invites_email_key", "email_key"),
        Index("ix_invites_expires_at", "expires_at"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(255))
    email_key: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(words(Role))
    nonce: Mapped[str] = mapped_column(String(32))
    invited_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True, default=None
    )
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)


class Member(Removable, Model):
    """A user's place in an organization. ``suspended_at`` bars them from it for a while."""

    __tablename__ = "members"
    __table_args__ = (
        unique_among_the_living("uq_members_one_place_per_user", "org_id", "user_id"),
        Index("ix_members_org_id_role", "org_id", "role"),
        found_when_removed("ix_members_deleted_at"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(words(Role))
    invited_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True, default=None
    )
    suspended_at: Mapped[datetime | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise", viewonly=True)
