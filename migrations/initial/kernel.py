"""The kernel: counters and values that expire, and the epoch of the cache."""

import sqlalchemy as sa
from alembic import op


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
    epochs = op.create_table(
        "cache_epochs",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cache_epochs"),
    )
    op.bulk_insert(epochs, [{"id": 1, "epoch": 1}])


def drop() -> None:
    op.drop_table("cache_epochs")
    op.drop_table("ephemeral")
