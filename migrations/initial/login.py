"""Sign-ins that wait for a second factor; of their tokens the hash alone."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "pending_logins",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(32)),
        sa.Column("amr", sa.String(100), nullable=False),
        sa.Column("proved_at", TIME),
        sa.Column("remember_me", sa.Boolean, nullable=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_logins"),
        sa.UniqueConstraint("token_hash", name="uq_pending_logins_token_hash"),
        belongs_to("users", "user_id", "fk_pending_logins_user_id"),
    )
    op.create_index("ix_pending_logins_expires_at", "pending_logins", ["expires_at"])
    op.create_index("ix_pending_logins_user_id", "pending_logins", ["user_id"])


def drop() -> None:
    op.drop_table("pending_logins")
