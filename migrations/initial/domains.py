"""Domains that organizations claim; one of them has each proven."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

PROVEN = sa.text("status = 'verified'")


def create() -> None:
    op.create_table(
        "organization_domains",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("challenge", sa.String(64), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("verified_at", TIME),
        sa.Column("checked_at", TIME),
        sa.Column("failing_since", TIME),
        sa.Column("due_at", TIME),
        sa.Column("was_silent", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organization_domains"),
        belongs_to("organizations", "org_id", "fk_organization_domains_org_id"),
    )
    op.create_index(
        "uq_organization_domains_org_id_domain",
        "organization_domains",
        ["org_id", "domain"],
        unique=True,
    )
    op.create_index(
        "uq_organization_domains_proven_once",
        "organization_domains",
        ["domain"],
        unique=True,
        postgresql_where=PROVEN,
        sqlite_where=PROVEN,
    )
    op.create_index(
        "ix_organization_domains_status_was_silent_due_at",
        "organization_domains",
        ["status", "was_silent", "due_at"],
    )


def drop() -> None:
    op.drop_table("organization_domains")
