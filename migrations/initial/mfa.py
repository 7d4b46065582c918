"""Second factors: their secrets sealed, codes to recover with hashed."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to


def create() -> None:
    op.create_table(
        "totps",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("secret_sealed", sa.String(200), nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_totps"),
        sa.UniqueConstraint("user_id", name="uq_totps_user_id"),
        belongs_to("users", "user_id", "fk_totps_user_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("counts_from", TIME),
        sa.Column("used_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        belongs_to("users", "user_id", "fk_recovery_codes_user_id"),
    )
    op.create_index(
        "uq_recovery_codes_code", "recovery_codes", ["user_id", "code_hash"], unique=True
    )


def drop() -> None:
    op.drop_table("recovery_codes")
    op.drop_table("totps")
