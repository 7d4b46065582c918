"""The kernel: what expires (counters, values, answers to be repeated), the epoch of the cache."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME


def create() -> None:
    op.create_table(
        "ephemeral",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_ephemeral"),
    )
    op.create_index("ix_ephemeral_expires_at", "ephemeral", ["expires_at"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("request", sa.LargeBinary(32), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
    epochs = op.create_table(
        "cache_epochs",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cache_epochs"),
    )
    op.bulk_insert(epochs, [{"id": 1, "epoch": 1}])
    endings = op.create_table(
        "lease_endings",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lease_endings"),
    )
    op.bulk_insert(endings, [{"id": 1, "number": 1}])


def drop() -> None:
    op.drop_table("lease_endings")
    op.drop_table("cache_epochs")
    op.drop_table("idempotency_keys")
    op.drop_table("ephemeral")
