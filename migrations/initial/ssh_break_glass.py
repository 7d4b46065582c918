"""Certificates for emergencies."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

TABLE = "ssh_break_glasses"


def create() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("authority_key_id", sa.Uuid, nullable=False),
        sa.Column("certificate_id", sa.Uuid, nullable=False),
        sa.Column("sealed_by", sa.Uuid, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("warned_days", sa.Integer),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_break_glasses"),
        sa.UniqueConstraint("org_id", name="uq_ssh_break_glasses_org_id"),
        belongs_to("organizations", "org_id", "fk_ssh_break_glasses_org_id"),
        belongs_to("ssh_authority_keys", "authority_key_id", f"fk_{TABLE}_authority_key_id"),
        belongs_to("ssh_certificates", "certificate_id", f"fk_{TABLE}_certificate_id"),
    )
    for column in ("authority_key_id", "certificate_id", "expires_at"):
        op.create_index(f"ix_ssh_break_glasses_{column}", TABLE, [column])


def drop() -> None:
    op.drop_table(TABLE)
