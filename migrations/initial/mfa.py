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
        sa.Column("begun_in", sa.Uuid),
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

    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(2048), nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("model", sa.Uuid, nullable=False),
        sa.Column("is_attested", sa.Boolean, nullable=False),
        sa.Column("is_synced", sa.Boolean, nullable=False),
        sa.Column("is_backed_up", sa.Boolean, nullable=False),
        sa.Column("transports", sa.String(100), nullable=False),
        sa.Column("last_used_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        belongs_to("users", "user_id", "fk_passkeys_user_id"),
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user_id"])


def drop() -> None:
    op.drop_table("passkeys")
    op.drop_table("recovery_codes")
    op.drop_table("totps")
