"""The whole schema. Until the first release this file is rewritten, with a new revision."""

import sqlalchemy as sa
from alembic import op

revision = "20261121_identity_core"
down_revision = None

TIME = sa.DateTime(timezone=True)
LIVING = sa.text("deleted_at IS NULL")

REFUSE_ON_SQLITE = """
CREATE TRIGGER audit_entries_refuse_{verb} BEFORE {verb} ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the record cannot be changed'); END
"""
REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the record cannot be changed'; END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    create_kernel()
    create_audit()
    create_accounts()
    create_sessions()
    create_organizations()


def create_kernel() -> None:
    op.create_table(
        "ephemeral",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_ephemeral"),
    )
    op.create_index("ix_ephemeral_expires_at", "ephemeral", ["expires_at"])
    epochs = op.create_table(
        "cache_epochs",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cache_epochs"),
    )
    op.bulk_insert(epochs, [{"id": 1, "epoch": 1}])


def create_audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("org_id", sa.Uuid),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("resource_type", sa.String(50), nullable=False),
        sa.Column("resource_id", sa.Uuid),
        sa.Column("ip", sa.String(45)),
        sa.Column("user_agent", sa.String(255)),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("success", sa.Boolean, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    for column in ("org_id", "actor_id", "user_id"):
        op.create_index(f"ix_audit_entries_{column}_id", "audit_entries", [column, "id"])
    refuse_changes_of_the_record()
    op.create_table(
        "audit_subjects",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_subjects"),
    )


def refuse_changes_of_the_record() -> None:
    """Neither we nor anybody with the application's password can edit the record unseen."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(REFUSE_ON_SQLITE.format(verb=verb))
        return
    op.execute(REFUSE_ON_POSTGRESQL)
    op.execute(
        "CREATE TRIGGER audit_entries_refuse_change BEFORE UPDATE OR DELETE ON audit_entries"
        " FOR EACH ROW EXECUTE FUNCTION audit_entries_refuse()"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_refuse_truncate BEFORE TRUNCATE ON audit_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()"
    )


def create_accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("email_key", sa.String(255), nullable=False),
        sa.Column("email_verified", sa.Boolean, nullable=False),
        sa.Column("full_name", sa.String(255)),
        sa.Column("avatar_url", sa.String(512)),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("last_login_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    unique_among_the_living("uq_users_email_key", "users", ["email_key"])
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


def create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("idle_seconds", sa.Integer, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("auth_time", TIME, nullable=False),
        sa.Column("amr", sa.String(100), nullable=False),
        sa.Column("acr", sa.String(100), nullable=False),
        sa.Column("ip", sa.String(45)),
        sa.Column("network", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(255)),
        sa.Column("ended_at", TIME),
        sa.Column("end_reason", sa.String(50)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
        belongs_to("users", "user_id", "fk_sessions_user_id"),
    )
    op.create_index("ix_sessions_user_id_status", "sessions", ["user_id", "status"])
    op.create_index("ix_sessions_status_expires_at", "sessions", ["status", "expires_at"])


def create_organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("slug", sa.String(63), nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("logo_url", sa.String(512)),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    unique_among_the_living("uq_organizations_slug", "organizations", ["slug"])
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
    op.create_index("ix_members_org_id_role", "members", ["org_id", "role"])
    op.create_index("ix_members_user_id", "members", ["user_id"])
    op.create_index("ix_members_invited_by_id", "members", ["invited_by_id"])


def belongs_to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name, ondelete="CASCADE")


def unique_among_the_living(name: str, table: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, unique=True, postgresql_where=LIVING, sqlite_where=LIVING)


def downgrade() -> None:
    for table in ("members", "organizations", "sessions", "credentials", "users"):
        op.drop_table(table)
    op.drop_table("audit_subjects")
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entries_refuse()")
    op.drop_table("cache_epochs")
    op.drop_table("ephemeral")
