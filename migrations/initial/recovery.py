"""Lost factors: resets that were approved, of which an account has one that waits."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

PENDING = sa.text("cancelled_at IS NULL AND done_at IS NULL")


def create() -> None:
    op.create_table(
        "factor_resets",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("approved_by_id", sa.Uuid),
        sa.Column("org_id", sa.Uuid),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("cancelled_at", TIME),
        sa.Column("done_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_factor_resets"),
        belongs_to("users", "user_id", "fk_factor_resets_user_id"),
        belongs_to("organizations", "org_id", "fk_factor_resets_org_id"),
        sa.ForeignKeyConstraint(
            ["approved_by_id"],
            ["users.id"],
            name="fk_factor_resets_approved_by_id",
            ondelete="SET NULL",
        ),
    )
    for column in ("user_id", "approved_by_id", "org_id"):
        op.create_index(f"ix_factor_resets_{column}", "factor_resets", [column])
    op.create_index(
        "uq_factor_resets_one_pending",
        "factor_resets",
        ["user_id"],
        unique=True,
        postgresql_where=PENDING,
        sqlite_where=PENDING,
    )
    op.create_index(
        "ix_factor_resets_due_at",
        "factor_resets",
        ["due_at"],
        postgresql_where=PENDING,
        sqlite_where=PENDING,
    )


def drop() -> None:
    op.drop_table("factor_resets")
