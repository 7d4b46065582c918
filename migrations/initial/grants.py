"""What people let clients do, and the families of refresh tokens."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

IS_REVOKED_AT_IS_NULL = sa.text("revoked_at IS NULL")


def create() -> None:
    _revoked_tokens()
    _tokens_voided()
    _client_sessions()
    _grants()
    _refresh_families()


def drop() -> None:
    op.drop_table("refresh_families")
    op.drop_table("grants")
    op.drop_table("client_sessions")
    op.drop_table("tokens_voided")
    op.drop_table("revoked_tokens")


def _revoked_tokens() -> None:
    op.create_table(
        "revoked_tokens",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revoked_tokens"),
        sa.UniqueConstraint("jti", name="uq_revoked_tokens_jti"),
    )
    op.create_index("ix_revoked_tokens_expires_at", "revoked_tokens", ["expires_at"])


def _tokens_voided() -> None:
    op.create_table(
        "tokens_voided",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("before", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens_voided"),
        sa.UniqueConstraint("user_id", name="uq_tokens_voided_user_id"),
        belongs_to("users", "user_id", "fk_tokens_voided_user_id"),
    )


def _client_sessions() -> None:
    op.create_table(
        "client_sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("client_row_id", sa.Uuid, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_client_sessions"),
        belongs_to("sessions", "session_id", "fk_client_sessions_session_id"),
        belongs_to("clients", "client_row_id", "fk_client_sessions_client_row_id"),
    )
    op.create_index("ix_client_sessions_client_row_id", "client_sessions", ["client_row_id"])
    op.create_index(
        "uq_client_sessions_place", "client_sessions", ["session_id", "client_row_id"], unique=True
    )


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("client_row_id", sa.Uuid, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.Column("resources", sa.JSON, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("organizations", sa.JSON, nullable=False),
        sa.Column("is_asked", sa.Boolean, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("agreed_until", TIME),
        sa.Column("used_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("revoke_reason", sa.String(50)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        belongs_to("users", "user_id", "fk_grants_user_id"),
        belongs_to("clients", "client_row_id", "fk_grants_client_row_id"),
    )
    op.create_index("ix_grants_client_row_id", "grants", ["client_row_id"])
    op.create_index("ix_grants_revoked_at", "grants", ["revoked_at"])
    op.create_index(
        "uq_grants_one_living",
        "grants",
        ["user_id", "client_row_id"],
        unique=True,
        postgresql_where=IS_REVOKED_AT_IS_NULL,
        sqlite_where=IS_REVOKED_AT_IS_NULL,
    )


def _refresh_families() -> None:
    op.create_table(
        "refresh_families",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("client_row_id", sa.Uuid, nullable=False),
        sa.Column("sid", sa.Uuid),
        sa.Column("dies_with_session", sa.Boolean, nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("binding", sa.String(100)),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("rotated_at", TIME),
        sa.Column("idle_expires_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
        sa.Column("revoke_reason", sa.String(50)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_families"),
        belongs_to("grants", "grant_id", "fk_refresh_families_grant_id"),
        belongs_to("users", "user_id", "fk_refresh_families_user_id"),
    )
    op.create_index("ix_refresh_families_expires_at", "refresh_families", ["expires_at"])
    op.create_index("ix_refresh_families_grant_id", "refresh_families", ["grant_id"])
    op.create_index("ix_refresh_families_user_id", "refresh_families", ["user_id"])
