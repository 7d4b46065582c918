"""What organizations demand of sign-ins, and what was done about who does not meet it."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "organization_policies",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.Column("grace_days", sa.Integer, nullable=False),
        sa.Column("notify_days", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("demands_since", TIME),
        sa.Column("models_since", TIME),
        sa.Column("allowed_aaguids", sa.JSON, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organization_policies"),
        sa.UniqueConstraint("org_id", name="uq_organization_policies_org_id"),
        belongs_to("organizations", "org_id", "fk_organization_policies_org_id"),
    )
    op.create_table(
        "personal_policies",
        *_member_of("personal_policies"),
        sa.Column("override", sa.String(32), nullable=False),
        sa.Column("force_totp", sa.Boolean, nullable=False),
        sa.Column("force_webauthn", sa.Boolean, nullable=False),
        sa.Column("since", TIME),
        sa.Column("updated_at", TIME, nullable=False),
    )
    _one_a_member("personal_policies")
    op.create_index("ix_personal_policies_user_id", "personal_policies", ["user_id"])
    op.create_table(
        "compliances",
        *_member_of("compliances"),
        sa.Column("suspended_at", TIME),
        sa.Column("last_notified_at", TIME),
        sa.Column("last_reminded_at", TIME),
    )
    _one_a_member("compliances")
    op.create_index("ix_compliances_user_id", "compliances", ["user_id"])


def drop() -> None:
    op.drop_table("compliances")
    op.drop_table("personal_policies")
    op.drop_table("organization_policies")


def _member_of(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """What a row has that is about one member."""
    return (
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        belongs_to("organizations", "org_id", f"fk_{table}_org_id"),
        belongs_to("users", "user_id", f"fk_{table}_user_id"),
    )


def _one_a_member(table: str) -> None:
    op.create_index(f"uq_{table}_one_a_member", table, ["org_id", "user_id"], unique=True)
