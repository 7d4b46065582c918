"""Tables of SSH certificate authorities."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, Removable, found_when_removed, unique_among_the_living, words


class AuthorityKind(StrEnum):
    USER = "user"
    HOST = "host"


class KeyState(StrEnum):
    """``next`` is trusted and signs nothing yet; ``active`` signs; what ``retiring`` signed counts;
    ``retired`` and ``compromised`` are trusted no more, the second at once. ``sealed`` is trusted
    and stands beside these: it has signed once, and its private half was never kept.
    """

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"
    COMPROMISED = "compromised"
    SEALED = "sealed"


class Permission(StrEnum):
    """What somebody may do with one authority: ask it for certificates, or look after it."""

    SIGN = "sign"
    ADMIN = "admin"


ACTIVE, NEXT = text("state = 'active'"), text("state = 'next'")
SEALED = text("state = 'sealed'")


class Authority(Removable, Model):
    """What an organization's machines believe: of each kind there is one. Times are in seconds.

    A certificate begins ``backdate_seconds`` before it is made, for clocks that are behind.
    """

    __tablename__ = "ssh_authorities"
    __table_args__ = (
        unique_among_the_living("uq_ssh_authorities_org_id_kind", "org_id", "kind"),
        unique_among_the_living("uq_ssh_authorities_org_id_name", "org_id", "name"),
        found_when_removed("ix_ssh_authorities_deleted_at"),
    )

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    kind: Mapped[AuthorityKind] = mapped_column(words(AuthorityKind))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(2000), default=None)
    default_seconds: Mapped[int]
    max_seconds: Mapped[int]
    backdate_seconds: Mapped[int]
    rotated_at: Mapped[datetime | None] = mapped_column(default=None)
    rotation_reason: Mapped[str | None] = mapped_column(String(255), default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class AuthorityKey(Model):
    """A key of an authority. Its private half is sealed under a key of its own, and that one under
    CA_ENCRYPTION_KEY; it goes when the key is trusted no more, the public one stays for ever.

    ``next_serial`` is what the next certificate gets; ``last_expiry`` when the last one ends that
    it has signed. ``activate_at`` is when it shall take over, if that was said;
    ``activate_after_sync``: once all hosts believe it.
    """

    __tablename__ = "ssh_authority_keys"
    __table_args__ = (
        Index(
            "uq_ssh_authority_keys_one_active",
            "authority_id",
            unique=True,
            postgresql_where=ACTIVE,
            sqlite_where=ACTIVE,
        ),
        Index(
            "uq_ssh_authority_keys_one_next",
            "authority_id",
            unique=True,
            postgresql_where=NEXT,
            sqlite_where=NEXT,
        ),
        Index(
            "uq_ssh_authority_keys_one_sealed",
            "authority_id",
            unique=True,
            postgresql_where=SEALED,
            sqlite_where=SEALED,
        ),
        Index("ix_ssh_authority_keys_authority_id", "authority_id"),
    )

    authority_id: Mapped[UUID] = mapped_column(ForeignKey("ssh_authorities.id", ondelete="CASCADE"))
    state: Mapped[KeyState] = mapped_column(words(KeyState))
    type: Mapped[str] = mapped_column(String(64))
    blob: Mapped[bytes] = mapped_column(LargeBinary(4096))
    fingerprint: Mapped[str] = mapped_column(String(50), unique=True)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary(8192))
    key_sealed: Mapped[str | None] = mapped_column(String(200))
    next_serial: Mapped[int] = mapped_column(BigInteger, default=1)
    last_expiry: Mapped[datetime | None] = mapped_column(default=None)
    activate_at: Mapped[datetime | None] = mapped_column(default=None)
    activate_after_sync: Mapped[bool] = mapped_column(default=False)
    activated_at: Mapped[datetime | None] = mapped_column(default=None)
    retiring_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(String(255), default=None)


class AuthorityPermission(Model):
    """Who may use an authority. While nobody is named, every member may ask it for certificates."""

    __tablename__ = "ssh_authority_permissions"
    __table_args__ = (
        Index(
            "uq_ssh_authority_permissions_place",
            "authority_id",
            "user_id",
            "permission",
            unique=True,
        ),
    )

    authority_id: Mapped[UUID] = mapped_column(ForeignKey("ssh_authorities.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    permission: Mapped[Permission] = mapped_column(words(Permission))


class DepartmentCertPolicy(Model):
    """What a department demands of certificates with a principal that it gives (rules/policies.py).

    A department without a row demands what is usual.
    """

    __tablename__ = "ssh_department_policies"

    department_id: Mapped[UUID] = mapped_column(
        ForeignKey("departments.id", ondelete="CASCADE"), unique=True
    )
    allow_user_expiry: Mapped[bool]
    default_seconds: Mapped[int]
    max_seconds: Mapped[int]
    extensions: Mapped[list[str]] = mapped_column(JSON)
    source_cidrs: Mapped[list[str]] = mapped_column(JSON)
    pin_source_ip: Mapped[bool]
    force_command: Mapped[str | None] = mapped_column(Text)
    require_fido: Mapped[bool]
    require_pin: Mapped[bool]
    mfa_max_age: Mapped[int | None]
    allowed_key_types: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    allowed_principals: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class OrganizationCertPolicy(Model):
    """What an organization demands of all certificates. Without a row it demands what is usual."""

    __tablename__ = "ssh_organization_policies"

    org_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), unique=True
    )
    min_rsa_bits: Mapped[int]
    require_fido: Mapped[bool]
    reverify_days: Mapped[int | None]
    admins_get_all_principals: Mapped[bool]
    host_patterns: Mapped[list[str]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
