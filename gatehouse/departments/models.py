"""Tables of the departments domain."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model


class Department(Model):
    """A named group of members. ``name_key`` is what is unique about its name."""

    __tablename__ = "departments"
    __table_args__ = (Index("uq_departments_org_id_name_key", "org_id", "name_key", unique=True),)

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    # Without case a letter may be three.
    name_key: Mapped[str] = mapped_column(String(765))
    description: Mapped[str | None] = mapped_column(String(2000), default=None)
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class DepartmentMember(Model):
    """A member's place in a department. It ends with the membership, for good."""

    __tablename__ = "department_members"
    __table_args__ = (
        Index(
            "uq_department_members_department_id_user_id", "department_id", "user_id", unique=True
        ),
    )

    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
