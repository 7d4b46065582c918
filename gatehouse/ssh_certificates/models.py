"""Tables of SSH certificates."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.rules.key_ids import Holder

REVOKED = text("revoked_at IS NOT NULL")


class Certificate(Model):
    """What an authority has signed. It is written down before anybody gets it, and stays.

    ``holder_id`` is the person, the host or the rule for workloads that it is for, or the key of
    the authority that has signed this alone; ``fingerprint`` that of the key in it. ``valid_after``
    is the first second, ``valid_before`` the first one no more. ``principals`` stand between
    blanks, so that one of them can be looked for. ``policy`` is what held when it was signed;
    ``session_id``, ``client_row_id``, ``amr`` and the times say how its holder was known then.
    """

    __tablename__ = "ssh_certificates"
    __table_args__ = (
        Index("uq_ssh_certificates_serial", "authority_key_id", "serial", unique=True),
        Index("ix_ssh_certificates_org_id_id", "org_id", "id"),
        Index("ix_ssh_certificates_holder_id_id", "holder_id", "id"),
        Index("ix_ssh_certificates_org_id_valid_before", "org_id", "valid_before"),
        Index("ix_ssh_certificates_fingerprint", "fingerprint"),
        Index(
            "ix_ssh_certificates_revoked",
            "authority_key_id",
            "valid_before",
            postgresql_where=REVOKED,
            sqlite_where=REVOKED,
        ),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    authority_key_id: Mapped[UUID] = mapped_column(
        ForeignKey("ssh_authority_keys.id", ondelete="CASCADE")
    )
    serial: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[AuthorityKind] = mapped_column(words(AuthorityKind))
    holder: Mapped[Holder] = mapped_column(words(Holder))
    holder_id: Mapped[UUID]
    ssh_key_id: Mapped[UUID | None]
    fingerprint: Mapped[str] = mapped_column(String(50))
    key_id: Mapped[str] = mapped_column(String(255))
    principals: Mapped[str] = mapped_column(Text)
    valid_after: Mapped[datetime]
    valid_before: Mapped[datetime]
    critical_options: Mapped[dict[str, str]] = mapped_column(JSON)
    extensions: Mapped[list[str]] = mapped_column(JSON)
    policy: Mapped[dict[str, Any]]
    certificate: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(String(255))
    ip: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[UUID | None]
    client_row_id: Mapped[UUID | None]
    amr: Mapped[str | None] = mapped_column(String(100))
    auth_time: Mapped[datetime | None]
    mfa_time: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_by: Mapped[UUID | None] = mapped_column(default=None)
    revocation_reason: Mapped[str | None] = mapped_column(String(255), default=None)


class RevokedSshKey(Model):
    """A key that an organization believes no more, whoever has it: it is in no new certificate,
    and its machines refuse it.
    """

    __tablename__ = "ssh_revoked_keys"
    __table_args__ = (
        Index("uq_ssh_revoked_keys_org_id_fingerprint", "org_id", "fingerprint", unique=True),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(String(50))
    reason: Mapped[str] = mapped_column(String(255))
    revoked_by: Mapped[UUID | None]


class RevocationList(Model):
    """What an organization's machines refuse (PROTOCOL.krl), signed so that it can be fetched by
    any way. There is one with the first authority, and ``version`` only grows. Whoever revokes
    begins another ``epoch``: what was decided in the one before is decided again.

    The private half of the key that signs is sealed; it is no authority's key.
    """

    __tablename__ = "ssh_revocation_lists"

    org_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), unique=True
    )
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(index=True)
    certificates: Mapped[int] = mapped_column(default=0)
    krl: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    signature: Mapped[str] = mapped_column(Text, default="")
    signer_blob: Mapped[bytes] = mapped_column(LargeBinary(4096))
    signer_sealed: Mapped[str] = mapped_column(String(400))
