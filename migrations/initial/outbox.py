"""Messages to be delivered, and the leases of jobs."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME

WAITING = sa.text("settled_at IS NULL")


def create() -> None:
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("handler", sa.String(100), nullable=False),
        sa.Column("event", sa.String(100), nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("ip", sa.String(45)),
        sa.Column("user_agent", sa.String(255)),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("last_error", sa.String(500)),
        sa.Column("settled_at", TIME),
        sa.Column("outcome", sa.String(32)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_messages"),
    )
    op.create_index(
        "ix_outbox_messages_lane_due_at_id",
        "outbox_messages",
        ["lane", "due_at", "id"],
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )
    op.create_index(
        "ix_outbox_messages_outcome_settled_at", "outbox_messages", ["outcome", "settled_at"]
    )
    op.create_table(
        "job_runs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("leased_until", TIME),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
        sa.Column("succeeded_at", TIME),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("error", sa.String(500)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_runs"),
        sa.UniqueConstraint("name", name="uq_job_runs_name"),
    )


def drop() -> None:
    op.drop_table("job_runs")
    op.drop_table("outbox_messages")
