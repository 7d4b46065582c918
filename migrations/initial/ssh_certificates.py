"""What certificate authorities have signed, and what machines refuse."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

REVOKED = sa.text("revoked_at IS NOT NULL")


def create() -> None:
    _certificates()
    op.create_table(
        "ssh_revoked_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("fingerprint", sa.String(50), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("revoked_by", sa.Uuid),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_revoked_keys"),
        belongs_to("organizations", "org_id", "fk_ssh_revoked_keys_org_id"),
    )
    op.create_index(
        "uq_ssh_revoked_keys_org_id_fingerprint",
        "ssh_revoked_keys",
        ["org_id", "fingerprint"],
        unique=True,
    )
    op.create_table(
        "ssh_revocation_lists",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("certificates", sa.Integer, nullable=False),
        sa.Column("krl", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("signer_blob", sa.LargeBinary(4096), nullable=False),
        sa.Column("signer_sealed", sa.String(400), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_revocation_lists"),
        sa.UniqueConstraint("org_id", name="uq_ssh_revocation_lists_org_id"),
        belongs_to("organizations", "org_id", "fk_ssh_revocation_lists_org_id"),
    )
    op.create_index("ix_ssh_revocation_lists_made_at", "ssh_revocation_lists", ["made_at"])


def _certificates() -> None:
    op.create_table(
        "ssh_certificates",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("authority_key_id", sa.Uuid, nullable=False),
        sa.Column("serial", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("holder_id", sa.Uuid, nullable=False),
        sa.Column("ssh_key_id", sa.Uuid),
        sa.Column("fingerprint", sa.String(50), nullable=False),
        sa.Column("key_id", sa.String(255), nullable=False),
        sa.Column("principals", sa.Text, nullable=False),
        sa.Column("valid_after", TIME, nullable=False),
        sa.Column("valid_before", TIME, nullable=False),
        sa.Column("critical_options", sa.JSON, nullable=False),
        sa.Column("extensions", sa.JSON, nullable=False),
        sa.Column("policy", sa.JSON, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("reason", sa.String(255)),
        sa.Column("ip", sa.String(45)),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.Uuid),
        sa.Column("client_row_id", sa.Uuid),
        sa.Column("amr", sa.String(100)),
        sa.Column("auth_time", TIME),
        sa.Column("mfa_time", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("revoked_by", sa.Uuid),
        sa.Column("revocation_reason", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_certificates"),
        belongs_to("organizations", "org_id", "fk_ssh_certificates_org_id"),
        belongs_to(
            "ssh_authority_keys", "authority_key_id", "fk_ssh_certificates_authority_key_id"
        ),
    )
    for name, columns, is_unique in (
        ("uq_ssh_certificates_serial", ["authority_key_id", "serial"], True),
        ("ix_ssh_certificates_org_id_id", ["org_id", "id"], False),
        ("ix_ssh_certificates_holder_id_id", ["holder_id", "id"], False),
        ("ix_ssh_certificates_org_id_valid_before", ["org_id", "valid_before"], False),
        ("ix_ssh_certificates_fingerprint", ["fingerprint"], False),
    ):
        op.create_index(name, "ssh_certificates", columns, unique=is_unique)
    op.create_index(
        "ix_ssh_certificates_revoked",
        "ssh_certificates",
        ["authority_key_id", "valid_before"],
        postgresql_where=REVOKED,
        sqlite_where=REVOKED,
    )


def drop() -> None:
    op.drop_table("ssh_revocation_lists")
    op.drop_table("ssh_revoked_keys")
    op.drop_table("ssh_certificates")
