"""Principals, and the members and departments that hold them."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "principals",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_principals"),
        belongs_to("organizations", "org_id", "fk_principals_org_id"),
    )
    op.create_index("uq_principals_org_id_name", "principals", ["org_id", "name"], unique=True)
    _holders("principal_members", "user_id", "users")
    _holders("principal_departments", "department_id", "departments")


def _holders(table: str, column: str, holders: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("principal_id", sa.Uuid, nullable=False),
        sa.Column(column, sa.Uuid, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        belongs_to("principals", "principal_id", f"fk_{table}_principal_id"),
        belongs_to(holders, column, f"fk_{table}_{column}"),
    )
    op.create_index(
        f"uq_{table}_principal_id_{column}", table, ["principal_id", column], unique=True
    )
    op.create_index(f"ix_{table}_{column}", table, [column])


def drop() -> None:
    op.drop_table("principal_departments")
    op.drop_table("principal_members")
    op.drop_table("principals")
