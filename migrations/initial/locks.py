"""People who are locked out of an organization's machines and networks."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "user_locks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("locked_by", sa.Uuid),
        sa.Column("reason", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_locks"),
        belongs_to("organizations", "org_id", "fk_user_locks_org_id"),
        belongs_to("users", "user_id", "fk_user_locks_user_id"),
    )
    op.create_index(
        "uq_user_locks_org_id_user_id", "user_locks", ["org_id", "user_id"], unique=True
    )
    op.create_index("ix_user_locks_user_id", "user_locks", ["user_id"])


def drop() -> None:
    op.drop_table("user_locks")
