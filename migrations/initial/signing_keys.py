"""Keys that tokens are signed with; their private parts are sealed."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME

IS_STATUS_ACTIVE = sa.text("status = 'active'")
IS_STATUS_NEXT = sa.text("status = 'next'")


def create() -> None:
    _signing_keys()


def drop() -> None:
    op.drop_table("signing_keys")


def _signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("alg", sa.String(16), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("public_jwk", sa.JSON, nullable=False),
        sa.Column("private_sealed", sa.Text, nullable=False),
        sa.Column("active_from", TIME, nullable=False),
        sa.Column("retired_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
        sa.UniqueConstraint("kid", name="uq_signing_keys_kid"),
    )
    op.create_index(
        "uq_signing_keys_one_active",
        "signing_keys",
        ["alg"],
        unique=True,
        postgresql_where=IS_STATUS_ACTIVE,
        sqlite_where=IS_STATUS_ACTIVE,
    )
    op.create_index(
        "uq_signing_keys_one_next",
        "signing_keys",
        ["alg"],
        unique=True,
        postgresql_where=IS_STATUS_NEXT,
        sqlite_where=IS_STATUS_NEXT,
    )
