"""Departments and who is in them."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "departments",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", sa.String(765), nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_departments"),
        belongs_to("organizations", "org_id", "fk_departments_org_id"),
    )
    op.create_index(
        "uq_departments_org_id_name_key", "departments", ["org_id", "name_key"], unique=True
    )
    op.create_table(
        "department_members",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("department_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_department_members"),
        belongs_to("departments", "department_id", "fk_department_members_department_id"),
        belongs_to("users", "user_id", "fk_department_members_user_id"),
    )
    op.create_index(
        "uq_department_members_department_id_user_id",
        "department_members",
        ["department_id", "user_id"],
        unique=True,
    )
    op.create_index("ix_department_members_user_id", "department_members", ["user_id"])


def drop() -> None:
    op.drop_table("department_members")
    op.drop_table("departments")
