"""Sessions; of their tokens the hash alone."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("idle_seconds", sa.Integer, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("auth_time", TIME, nullable=False),
        sa.Column("mfa_time", TIME),
        sa.Column("amr", sa.String(100), nullable=False),
        sa.Column("model", sa.Uuid),
        sa.Column("ip", sa.String(45)),
        sa.Column("network", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(255)),
        sa.Column("ended_at", TIME),
        sa.Column("end_reason", sa.String(50)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
        belongs_to("users", "user_id", "fk_sessions_user_id"),
    )
    op.create_index("ix_sessions_user_id_status", "sessions", ["user_id", "status"])
    op.create_index("ix_sessions_status_expires_at", "sessions", ["status", "expires_at"])


def drop() -> None:
    op.drop_table("sessions")
