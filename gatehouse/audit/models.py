"""Tables of the audit domain."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model

# Compared by its bytes, so that a prefix is a range of an index on PostgreSQL too.
ACTION = String(100).with_variant(String(100, "C"), "postgresql")


class AuditEntry(Model):
    """One act. Holds ids only, and no foreign keys: it outlives what it speaks of.

    Triggers refuse every change and every deletion of a row, but for retention.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_org_id_id", "org_id", "id"),
        Index("ix_audit_entries_actor_id_id", "actor_id", "id"),
        Index("ix_audit_entries_user_id_id", "user_id", "id"),
        Index("ix_audit_entries_resource_id_id", "resource_id", "id"),
        Index("ix_audit_entries_org_id_action_id", "org_id", "action", "id"),
        Index(
            "ix_audit_entries_refused",
            "org_id",
            "id",
            postgresql_where=text("success IS false"),
            sqlite_where=text("success IS 0"),
        ),
    )

    action: Mapped[str] = mapped_column(ACTION)
    org_id: Mapped[UUID | None]
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    resource_type: Mapped[str] = mapped_column(String(50))
    resource_id: Mapped[UUID | None]
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    request_id: Mapped[str] = mapped_column(String(64))
    success: Mapped[bool]
    details: Mapped[dict[str, Any]]


class AuditSubject(Model):
    """What the ids in the record are called: an account's address and name, an organization's name.

    Deleting an account overwrites its label with a pseudonym; the entries stay as they are.
    """

    __tablename__ = "audit_subjects"

    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))


class AuditBlock(Model):
    """A seal over up to a thousand entries and over the block before. Triggers keep it for good.

    ``sealed_until`` and ``newest_id`` say how far the chain reaches with this block: they never
    go back, even where a block holds entries that were committed late.
    """

    __tablename__ = "audit_blocks"

    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    entry_count: Mapped[int]
    sealed_until: Mapped[datetime]
    newest_id: Mapped[UUID]
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


# Which entries a block holds, in their order, each with the hash it was sealed with. There may be
# millions, so no column is wasted.
BLOCK_ENTRIES = Table(
    "audit_block_entries",
    Model.metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("block_number", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Index("uq_audit_block_entries_block_number_position", "block_number", "position", unique=True),
)


class AuditRetention(Model):
    """A block whose entries were deleted because their time was over. Adding a row here deletes
    them, by a trigger, and nothing else can; the row itself stays for good.
    """

    __tablename__ = "audit_retention"

    block_number: Mapped[int] = mapped_column(BigInteger, unique=True)
    block_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    retention_days: Mapped[int]
    purge_id: Mapped[UUID]
