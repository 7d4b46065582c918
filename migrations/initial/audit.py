"""The record, which refuses change and deletion, its seals, and what its ids are called."""

import sqlalchemy as sa
from alembic import op

from migrations.initial import audit_triggers
from migrations.initial.common import TIME

ACTION = sa.String(100).with_variant(sa.String(100, "C"), "postgresql")
HASH = sa.LargeBinary(32)


def create() -> None:
    create_entries()
    create_blocks()
    op.create_table(
        "audit_subjects",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_subjects"),
    )
    audit_triggers.create()


def create_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("action", ACTION, nullable=False),
        sa.Column("org_id", sa.Uuid),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("resource_type", sa.String(50), nullable=False),
        sa.Column("resource_id", sa.Uuid),
        sa.Column("ip", sa.String(45)),
        sa.Column("user_agent", sa.String(255)),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("success", sa.Boolean, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    for column in ("org_id", "actor_id", "user_id", "resource_id"):
        op.create_index(f"ix_audit_entries_{column}_id", "audit_entries", [column, "id"])
    op.create_index(
        "ix_audit_entries_org_id_action_id", "audit_entries", ["org_id", "action", "id"]
    )
    op.create_index(
        "ix_audit_entries_refused",
        "audit_entries",
        ["org_id", "id"],
        postgresql_where=sa.text("success IS false"),
        sqlite_where=sa.text("success IS 0"),
    )


def create_blocks() -> None:
    op.create_table(
        "audit_blocks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("entry_count", sa.Integer, nullable=False),
        sa.Column("sealed_until", TIME, nullable=False),
        sa.Column("newest_id", sa.Uuid, nullable=False),
        sa.Column("previous_hash", HASH, nullable=False),
        sa.Column("hash", HASH, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_blocks"),
        sa.UniqueConstraint("number", name="uq_audit_blocks_number"),
    )
    op.create_table(
        "audit_block_entries",
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("block_number", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("hash", HASH, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit_block_entries"),
    )
    op.create_index(
        "uq_audit_block_entries_block_number_position",
        "audit_block_entries",
        ["block_number", "position"],
        unique=True,
    )
    op.create_table(
        "audit_retention",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("block_number", sa.BigInteger, nullable=False),
        sa.Column("block_hash", HASH, nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("purge_id", sa.Uuid, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_retention"),
        sa.UniqueConstraint("block_number", name="uq_audit_retention_block_number"),
    )


def drop() -> None:
    for table in ("subjects", "retention", "block_entries", "blocks", "entries"):
        op.drop_table(f"audit_{table}")
    audit_triggers.drop()
