"""Rules by which jobs get certificates, and the tokens that got one."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "ssh_workload_rules",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("audience", sa.String(255), nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.Column("principals", sa.JSON, nullable=False),
        sa.Column("ttl_seconds", sa.Integer, nullable=False),
        sa.Column("extensions", sa.JSON, nullable=False),
        sa.Column("source_addresses", sa.JSON, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_workload_rules"),
        belongs_to("organizations", "org_id", "fk_ssh_workload_rules_org_id"),
    )
    op.create_index(
        "uq_ssh_workload_rules_org_id_name", "ssh_workload_rules", ["org_id", "name"], unique=True
    )
    op.create_index(
        "ix_ssh_workload_rules_org_id_issuer", "ssh_workload_rules", ["org_id", "issuer"]
    )
    op.create_table(
        "ssh_workload_tokens",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_workload_tokens"),
    )
    op.create_index("uq_ssh_workload_tokens_digest", "ssh_workload_tokens", ["digest"], unique=True)
    op.create_index("ix_ssh_workload_tokens_expires_at", "ssh_workload_tokens", ["expires_at"])


def drop() -> None:
    op.drop_table("ssh_workload_tokens")
    op.drop_table("ssh_workload_rules")
