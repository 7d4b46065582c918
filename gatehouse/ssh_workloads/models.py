"""Tables of workloads."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class WorkloadRule(Model):
    """Which jobs get certificates, and which: those whose token is of ``issuer``, for ``audience``,
    and has ``claims`` (rules/claims.py).
    """

    __tablename__ = "ssh_workload_rules"
    __table_args__ = (
        Index("uq_ssh_workload_rules_org_id_name", "org_id", "name", unique=True),
        Index("ix_ssh_workload_rules_org_id_issuer", "org_id", "issuer"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    issuer: Mapped[str] = mapped_column(String(255))
    audience: Mapped[str] = mapped_column(String(255))
    claims: Mapped[dict[str, str]] = mapped_column(JSON)
    principals: Mapped[list[str]] = mapped_column(JSON)
    ttl_seconds: Mapped[int]
    extensions: Mapped[list[str]] = mapped_column(JSON)
    source_addresses: Mapped[list[str]] = mapped_column(JSON)
    is_active: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class WorkloadToken(Model):
    """A token that has got its certificate, until it would not be taken anyway. ``digest`` is of
    what its issuer has signed: of one signature there may be several spellings.
    """

    __tablename__ = "ssh_workload_tokens"
    __table_args__ = (Index("uq_ssh_workload_tokens_digest", "digest", unique=True),)

    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[datetime] = mapped_column(index=True)
