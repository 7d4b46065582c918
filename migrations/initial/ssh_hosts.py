"""Hosts of organizations. Of tokens and credentials only hashes are kept."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    _hosts()
    _names()
    _keys()
    op.create_table(
        "ssh_host_tokens",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("host_id", sa.Uuid, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("voided_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_host_tokens"),
        belongs_to("ssh_hosts", "host_id", "fk_ssh_host_tokens_host_id"),
        sa.UniqueConstraint("token_hash", name="uq_ssh_host_tokens_token_hash"),
    )
    for column in ("host_id", "expires_at"):
        op.create_index(f"ix_ssh_host_tokens_{column}", "ssh_host_tokens", [column])


def _hosts() -> None:
    times = ("suspended_at", "revoked_at", "enrolled_at", "certified_at", "expires_at", "due_at")
    op.create_table(
        "ssh_hosts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("description", sa.String(255)),
        sa.Column("accounts", sa.JSON, nullable=False),
        sa.Column("life_seconds", sa.Integer, nullable=False),
        sa.Column("revocation_reason", sa.String(255)),
        *(sa.Column(name, TIME) for name in (*times, "told_due_at", "told_expired_at", "seen_at")),
        sa.Column("credential_hash", sa.LargeBinary(32)),
        sa.Column("seen_krl", sa.BigInteger),
        sa.Column("seen_bundle", sa.String(64)),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_hosts"),
        belongs_to("organizations", "org_id", "fk_ssh_hosts_org_id"),
        sa.UniqueConstraint("credential_hash", name="uq_ssh_hosts_credential_hash"),
    )
    op.create_index("ix_ssh_hosts_org_id_id", "ssh_hosts", ["org_id", "id"])
    for column in ("due_at", "expires_at"):
        op.create_index(f"ix_ssh_hosts_{column}", "ssh_hosts", [column])


def _names() -> None:
    op.create_table(
        "ssh_host_names",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("host_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_host_names"),
        belongs_to("organizations", "org_id", "fk_ssh_host_names_org_id"),
        belongs_to("ssh_hosts", "host_id", "fk_ssh_host_names_host_id"),
    )
    _unique_in_an_organization("ssh_host_names", "name")
    op.create_index("ix_ssh_host_names_host_id", "ssh_host_names", ["host_id"])


def _keys() -> None:
    op.create_table(
        "ssh_host_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("host_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("blob", sa.LargeBinary(16384), nullable=False),
        sa.Column("fingerprint", sa.String(50), nullable=False),
        sa.Column("bits", sa.Integer, nullable=False),
        sa.Column("certificate_id", sa.Uuid),
        sa.Column("revoked_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_host_keys"),
        belongs_to("organizations", "org_id", "fk_ssh_host_keys_org_id"),
        belongs_to("ssh_hosts", "host_id", "fk_ssh_host_keys_host_id"),
    )
    _unique_in_an_organization("ssh_host_keys", "fingerprint")
    op.create_index("ix_ssh_host_keys_host_id", "ssh_host_keys", ["host_id"])


def _unique_in_an_organization(table: str, column: str) -> None:
    op.create_index(f"uq_{table}_org_id_{column}", table, ["org_id", column], unique=True)


def drop() -> None:
    for table in ("ssh_host_tokens", "ssh_host_keys", "ssh_host_names", "ssh_hosts"):
        op.drop_table(table)
