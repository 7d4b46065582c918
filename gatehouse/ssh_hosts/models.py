"""Tables of hosts."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class Host(Model):
    """A machine of an organization.

    ``accounts`` says for each account which principals get into it. All its certificates are made
    at once: at ``certified_at``, until ``expires_at``; from ``due_at``
    on they are to be renewed. ``told_due_at`` and ``told_expired_at`` are of the record, which
    tells each once. ``seen_krl`` and ``seen_bundle`` are the versions that it had when it last
    asked, at ``seen_at``.
    """

    __tablename__ = "ssh_hosts"
    __table_args__ = (
        Index("ix_ssh_hosts_org_id_id", "org_id", "id"),
        Index("ix_ssh_hosts_due_at", "due_at"),
        Index("ix_ssh_hosts_expires_at", "expires_at"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    description: Mapped[str | None] = mapped_column(String(255), default=None)
    accounts: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    life_seconds: Mapped[int]
    suspended_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    revocation_reason: Mapped[str | None] = mapped_column(String(255), default=None)
    enrolled_at: Mapped[datetime | None] = mapped_column(default=None)
    certified_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    told_due_at: Mapped[datetime | None] = mapped_column(default=None)
    told_expired_at: Mapped[datetime | None] = mapped_column(default=None)
    credential_hash: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), unique=True, default=None
    )
    seen_at: Mapped[datetime | None] = mapped_column(default=None)
    seen_krl: Mapped[int | None] = mapped_column(BigInteger, default=None)
    seen_bundle: Mapped[str | None] = mapped_column(String(64), default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class HostName(Model):
    """A name of a host. No two hosts of an organization have the same."""

    __tablename__ = "ssh_host_names"
    __table_args__ = (
        Index("uq_ssh_host_names_org_id_name", "org_id", "name", unique=True),
        Index("ix_ssh_host_names_host_id", "host_id"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    host_id: Mapped[UUID] = mapped_column(ForeignKey("ssh_hosts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(253))
    place: Mapped[int]


class HostKey(Model):
    """A public key that a host has proved, with its latest certificate.

    No two hosts of an organization have the same. Once ``revoked_at`` it gets no other one.
    """

    __tablename__ = "ssh_host_keys"
    __table_args__ = (
        Index("uq_ssh_host_keys_org_id_fingerprint", "org_id", "fingerprint", unique=True),
        Index("ix_ssh_host_keys_host_id", "host_id"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    host_id: Mapped[UUID] = mapped_column(ForeignKey("ssh_hosts.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(64))
    blob: Mapped[bytes] = mapped_column(LargeBinary(16384))
    fingerprint: Mapped[str] = mapped_column(String(50))
    bits: Mapped[int]
    certificate_id: Mapped[UUID | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class HostToken(Model):
    """What lets one host enrol itself, once, while whoever made it may do that. Only the hash of it
    is kept.
    """

    __tablename__ = "ssh_host_tokens"
    __table_args__ = (
        Index("ix_ssh_host_tokens_host_id", "host_id"),
        Index("ix_ssh_host_tokens_expires_at", "expires_at"),
    )

    host_id: Mapped[UUID] = mapped_column(ForeignKey("ssh_hosts.id", ondelete="CASCADE"))
    made_by: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    voided_at: Mapped[datetime | None] = mapped_column(default=None)
