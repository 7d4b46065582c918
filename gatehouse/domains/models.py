"""Tables of the domains domain."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words


class DomainStatus(StrEnum):
    """``lost``: proven once, and not any more."""

    PENDING = "pending"
    VERIFIED = "verified"
    LOST = "lost"


PROVEN = text("status = 'verified'")


class OrganizationDomain(Model):
    """A claim of an organization. Many may claim a name, one of them has it proven.

    The challenge is public: it stands in the DNS. ``was_silent``: the DNS did not answer quickly
    when it was asked last, so it is asked again when all others are done.
    """

    __tablename__ = "organization_domains"
    __table_args__ = (
        Index("uq_organization_domains_org_id_domain", "org_id", "domain", unique=True),
        Index(
            "uq_organization_domains_proven_once",
            "domain",
            unique=True,
            postgresql_where=PROVEN,
            sqlite_where=PROVEN,
        ),
        Index("ix_organization_domains_status_was_silent_due_at", "status", "was_silent", "due_at"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    domain: Mapped[str] = mapped_column(String(253))
    challenge: Mapped[str] = mapped_column(String(64))
    status: Mapped[DomainStatus] = mapped_column(words(DomainStatus), default=DomainStatus.PENDING)
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(default=None)
    failing_since: Mapped[datetime | None] = mapped_column(default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    was_silent: Mapped[bool] = mapped_column(default=False)
