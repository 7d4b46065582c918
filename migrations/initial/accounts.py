"""People and their passwords."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to, found_when_removed, unique_among_the_living

NOT_UNDONE = sa.text("purpose <> 'undo_email_change'")


def create() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("email_key", sa.String(255), nullable=False),
        sa.Column("email_verified", sa.Boolean, nullable=False),
        sa.Column("full_name", sa.String(255)),
        sa.Column("avatar_url", sa.String(512)),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("is_operator", sa.Boolean, nullable=False),
        sa.Column("last_login_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    unique_among_the_living("uq_users_email_key", "users", ["email_key"])
    found_when_removed("users")
    op.create_table(
        "credentials",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.UniqueConstraint("user_id", name="uq_credentials_user_id"),
        belongs_to("users", "user_id", "fk_credentials_user_id"),
    )
    op.create_table(
        "account_links",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("address", sa.String(255)),
        sa.Column("address_key", sa.String(255)),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_links"),
        belongs_to("users", "user_id", "fk_account_links_user_id"),
    )
    op.create_index(
        "uq_account_links_newest",
        "account_links",
        ["user_id", "purpose"],
        unique=True,
        postgresql_where=NOT_UNDONE,
        sqlite_where=NOT_UNDONE,
    )
    op.create_index("ix_account_links_user_id", "account_links", ["user_id"])
    op.create_index("ix_account_links_expires_at", "account_links", ["expires_at"])
    op.create_index("ix_account_links_address_key", "account_links", ["address_key"])


def drop() -> None:
    op.drop_table("account_links")
    op.drop_table("credentials")
    op.drop_table("users")
