"""Public SSH keys, and what is asked to prove them."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "ssh_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("blob", sa.LargeBinary(16384), nullable=False),
        sa.Column("fingerprint", sa.String(50), nullable=False),
        sa.Column("bits", sa.Integer, nullable=False),
        sa.Column("application", sa.String(255)),
        sa.Column("comment", sa.String(255), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.String(255)),
        sa.Column("expires_at", TIME),
        sa.Column("verified_at", TIME),
        sa.Column("proved_with_pin", sa.Boolean, nullable=False),
        sa.Column("challenge_nonce", sa.LargeBinary(16)),
        sa.Column("challenge_expires_at", TIME),
        sa.Column("challenge_used_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_keys"),
        belongs_to("users", "user_id", "fk_ssh_keys_user_id"),
    )
    op.create_index(
        "uq_ssh_keys_user_id_fingerprint", "ssh_keys", ["user_id", "fingerprint"], unique=True
    )
    op.create_index("ix_ssh_keys_fingerprint", "ssh_keys", ["fingerprint"])
    op.create_index("ix_ssh_keys_verified_at_created_at", "ssh_keys", ["verified_at", "created_at"])


def drop() -> None:
    op.drop_table("ssh_keys")
