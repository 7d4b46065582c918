"""Codes, requests on their way, devices that wait; of every secret the hash alone."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

IS_STATUS_PENDING = sa.text("status = 'pending'")


def create() -> None:
    _pairwise_subjects()
    _stored_requests()
    _authorization_codes()
    _device_requests()


def drop() -> None:
    op.drop_table("device_requests")
    op.drop_table("authorization_codes")
    op.drop_table("stored_requests")
    op.drop_table("pairwise_subjects")


def _pairwise_subjects() -> None:
    op.create_table(
        "pairwise_subjects",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("sector", sa.String(255), nullable=False),
        sa.Column("sub", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pairwise_subjects"),
        sa.UniqueConstraint("sub", name="uq_pairwise_subjects_sub"),
        belongs_to("users", "user_id", "fk_pairwise_subjects_user_id"),
    )
    op.create_index(
        "uq_pairwise_subjects_user_id_sector",
        "pairwise_subjects",
        ["user_id", "sector"],
        unique=True,
    )


def _stored_requests() -> None:
    op.create_table(
        "stored_requests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("handle_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("client_row_id", sa.Uuid, nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("browser", sa.String(64)),
        sa.Column("pushed_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("chosen_at", TIME),
        sa.Column("terms", sa.String(64)),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("consumed_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stored_requests"),
        sa.UniqueConstraint("handle_hash", name="uq_stored_requests_handle_hash"),
        belongs_to("users", "user_id", "fk_stored_requests_user_id"),
    )
    op.create_index("ix_stored_requests_expires_at", "stored_requests", ["expires_at"])
    op.create_index("ix_stored_requests_user_id", "stored_requests", ["user_id"])


def _authorization_codes() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("client_row_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("sid", sa.Uuid, nullable=False),
        sa.Column("redirect_uri", sa.String(1024), nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("auth_time", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("consumed_at", TIME),
        sa.Column("family_id", sa.Uuid),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_authorization_codes"),
        sa.UniqueConstraint("code_hash", name="uq_authorization_codes_code_hash"),
        belongs_to("grants", "grant_id", "fk_authorization_codes_grant_id"),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])
    op.create_index("ix_authorization_codes_grant_id", "authorization_codes", ["grant_id"])


def _device_requests() -> None:
    op.create_table(
        "device_requests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user_code", sa.String(16)),
        sa.Column("client_row_id", sa.Uuid, nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("grant_id", sa.Uuid),
        sa.Column("sid", sa.Uuid),
        sa.Column("auth_time", TIME),
        sa.Column("ip", sa.String(45)),
        sa.Column("user_agent", sa.String(255)),
        sa.Column("interval", sa.Integer, nullable=False),
        sa.Column("polled_at", TIME),
        sa.Column("place", sa.Integer),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_requests"),
        sa.UniqueConstraint("code_hash", name="uq_device_requests_code_hash"),
        belongs_to("users", "user_id", "fk_device_requests_user_id"),
        belongs_to("grants", "grant_id", "fk_device_requests_grant_id"),
    )
    op.create_index("ix_device_requests_expires_at", "device_requests", ["expires_at"])
    op.create_index("ix_device_requests_grant_id", "device_requests", ["grant_id"])
    op.create_index("ix_device_requests_user_id_status", "device_requests", ["user_id", "status"])
    op.create_index(
        "uq_device_requests_client_row_id_user_id_place",
        "device_requests",
        ["client_row_id", "user_id", "place"],
        unique=True,
        postgresql_where=IS_STATUS_PENDING,
        sqlite_where=IS_STATUS_PENDING,
    )
    op.create_index(
        "uq_device_requests_user_code",
        "device_requests",
        ["user_code"],
        unique=True,
        postgresql_where=IS_STATUS_PENDING,
        sqlite_where=IS_STATUS_PENDING,
    )
