"""Tables of the audit domain."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class AuditEntry(Model):
    """One act. Holds ids only, and no foreign keys: it outlives what it speaks of.

    Triggers refuse every change and every deletion of a row.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_org_id_id", "org_id", "id"),
        Index("ix_audit_entries_actor_id_id", "actor_id", "id"),
        Index("ix_audit_entries_user_id_id", "user_id", "id"),
    )

    action: Mapped[str] = mapped_column(String(100))
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
