"""Organizations and who is in them."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to, found_when_removed, unique_among_the_living

PENDING = sa.text("deleted_at IS NULL AND accepted_at IS NULL")


def create() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("slug", sa.String(63), nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("logo_url", sa.String(512)),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("tokens_not_before", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    unique_among_the_living("uq_organizations_slug", "organizations", ["slug"])
    found_when_removed("organizations")
    op.create_table(
        "members",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("invited_by_id", sa.Uuid),
        sa.Column("suspended_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        belongs_to("organizations", "org_id", "fk_members_org_id"),
        belongs_to("users", "user_id", "fk_members_user_id"),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["users.id"], name="fk_members_invited_by_id", ondelete="SET NULL"
        ),
    )
    unique_among_the_living("uq_members_one_place_per_user", "members", ["org_id", "user_id"])
    found_when_removed("members")
    op.create_index("ix_members_org_id_role", "members", ["org_id", "role"])
    op.create_index("ix_members_user_id", "members", ["user_id"])
    op.create_index("ix_members_invited_by_id", "members", ["invited_by_id"])
    create_invites()


def create_invites() -> None:
    op.create_table(
        "invites",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("email_key", sa.String(255), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("invited_by_id", sa.Uuid),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("accepted_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_invites"),
        belongs_to("organizations", "org_id", "fk_invites_org_id"),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["users.id"], name="fk_invites_invited_by_id", ondelete="SET NULL"
        ),
    )
    op.create_index(
        "uq_invites_one_pending_per_address",
        "invites",
        ["org_id", "email_key"],
        unique=True,
        postgresql_where=PENDING,
        sqlite_where=PENDING,
    )
    op.create_index("ix_invites_email_key", "invites", ["email_key"])
    op.create_index("ix_invites_expires_at", "invites", ["expires_at"])
    op.create_index("ix_invites_invited_by_id", "invites", ["invited_by_id"])


def drop() -> None:
    op.drop_table("invites")
    op.drop_table("members")
    op.drop_table("organizations")
