"""Tables of the principals domain."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class Principal(Model):
    """A Unix login on the organization's machines."""

    __tablename__ = "principals"
    __table_args__ = (Index("uq_principals_org_id_name", "org_id", "name", unique=True),)

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    description: Mapped[str | None] = mapped_column(String(2000), default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class PrincipalMember(Model):
    """A member who holds a principal directly. It ends with the membership, for good."""

    __tablename__ = "principal_members"
    __table_args__ = (
        Index("uq_principal_members_principal_id_user_id", "principal_id", "user_id", unique=True),
    )

    principal_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class PrincipalDepartment(Model):
    """A department whose members may use a principal."""

    __tablename__ = "principal_departments"
    __table_args__ = (
        Index(
            "uq_principal_departments_principal_id_department_id",
            "principal_id",
            "department_id",
            unique=True,
        ),
    )

    principal_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id", ondelete="CASCADE"))
    department_id: Mapped[UUID] = mapped_column(
        ForeignKey("departments.id", ondelete="CASCADE"), index=True
    )
