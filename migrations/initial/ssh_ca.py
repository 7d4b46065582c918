"""Certificate authorities of organizations. Private keys are sealed."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

LIVING, REMOVED = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL")
ACTIVE, NEXT = sa.text("state = 'active'"), sa.text("state = 'next'")
SEALED = sa.text("state = 'sealed'")


def create() -> None:
    _authorities()
    _keys()
    _policies()
    op.create_table(
        "ssh_authority_permissions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("authority_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("permission", sa.String(32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_authority_permissions"),
        belongs_to("ssh_authorities", "authority_id", "fk_ssh_authority_permissions_authority_id"),
        belongs_to("users", "user_id", "fk_ssh_authority_permissions_user_id"),
    )
    op.create_index(
        "uq_ssh_authority_permissions_place",
        "ssh_authority_permissions",
        ["authority_id", "user_id", "permission"],
        unique=True,
    )
    op.create_index(
        "ix_ssh_authority_permissions_user_id", "ssh_authority_permissions", ["user_id"]
    )


def _authorities() -> None:
    op.create_table(
        "ssh_authorities",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("default_seconds", sa.Integer, nullable=False),
        sa.Column("max_seconds", sa.Integer, nullable=False),
        sa.Column("backdate_seconds", sa.Integer, nullable=False),
        sa.Column("rotated_at", TIME),
        sa.Column("rotation_reason", sa.String(255)),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_authorities"),
        belongs_to("organizations", "org_id", "fk_ssh_authorities_org_id"),
    )
    for column in ("kind", "name"):
        op.create_index(
            f"uq_ssh_authorities_org_id_{column}",
            "ssh_authorities",
            ["org_id", column],
            unique=True,
            postgresql_where=LIVING,
            sqlite_where=LIVING,
        )
    op.create_index(
        "ix_ssh_authorities_deleted_at",
        "ssh_authorities",
        ["deleted_at"],
        postgresql_where=REMOVED,
        sqlite_where=REMOVED,
    )


def _keys() -> None:
    op.create_table(
        "ssh_authority_keys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("authority_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("blob", sa.LargeBinary(4096), nullable=False),
        sa.Column("fingerprint", sa.String(50), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(8192)),
        sa.Column("key_sealed", sa.String(200)),
        sa.Column("next_serial", sa.BigInteger, nullable=False),
        sa.Column("last_expiry", TIME),
        sa.Column("activate_at", TIME),
        sa.Column("activate_after_sync", sa.Boolean, nullable=False),
        sa.Column("activated_at", TIME),
        sa.Column("retiring_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("reason", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_authority_keys"),
        sa.UniqueConstraint("fingerprint", name="uq_ssh_authority_keys_fingerprint"),
        belongs_to("ssh_authorities", "authority_id", "fk_ssh_authority_keys_authority_id"),
    )
    for name, condition in (("active", ACTIVE), ("next", NEXT), ("sealed", SEALED)):
        op.create_index(
            f"uq_ssh_authority_keys_one_{name}",
            "ssh_authority_keys",
            ["authority_id"],
            unique=True,
            postgresql_where=condition,
            sqlite_where=condition,
        )
    op.create_index("ix_ssh_authority_keys_authority_id", "ssh_authority_keys", ["authority_id"])


def _policies() -> None:
    op.create_table(
        "ssh_department_policies",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("department_id", sa.Uuid, nullable=False),
        sa.Column("allow_user_expiry", sa.Boolean, nullable=False),
        sa.Column("default_seconds", sa.Integer, nullable=False),
        sa.Column("max_seconds", sa.Integer, nullable=False),
        sa.Column("extensions", sa.JSON, nullable=False),
        sa.Column("source_cidrs", sa.JSON, nullable=False),
        sa.Column("pin_source_ip", sa.Boolean, nullable=False),
        sa.Column("force_command", sa.Text),
        sa.Column("require_fido", sa.Boolean, nullable=False),
        sa.Column("require_pin", sa.Boolean, nullable=False),
        sa.Column("mfa_max_age", sa.Integer),
        sa.Column("allowed_key_types", sa.JSON),
        sa.Column("allowed_principals", sa.JSON),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_department_policies"),
        sa.UniqueConstraint("department_id", name="uq_ssh_department_policies_department_id"),
        belongs_to("departments", "department_id", "fk_ssh_department_policies_department_id"),
    )
    op.create_table(
        "ssh_organization_policies",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("min_rsa_bits", sa.Integer, nullable=False),
        sa.Column("require_fido", sa.Boolean, nullable=False),
        sa.Column("reverify_days", sa.Integer),
        sa.Column("admins_get_all_principals", sa.Boolean, nullable=False),
        sa.Column("host_patterns", sa.JSON, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_organization_policies"),
        sa.UniqueConstraint("org_id", name="uq_ssh_organization_policies_org_id"),
        belongs_to("organizations", "org_id", "fk_ssh_organization_policies_org_id"),
    )


def drop() -> None:
    op.drop_table("ssh_organization_policies")
    op.drop_table("ssh_department_policies")
    op.drop_table("ssh_authority_permissions")
    op.drop_table("ssh_authority_keys")
    op.drop_table("ssh_authorities")
