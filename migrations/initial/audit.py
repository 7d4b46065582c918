"""The record, which refuses change and deletion, and what its ids are called."""

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME

REFUSE_ON_SQLITE = """
CREATE TRIGGER audit_entries_refuse_{verb} BEFORE {verb} ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the record cannot be changed'); END
"""
REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the record cannot be changed'; END $$
"""


def create() -> None:
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


def drop() -> None:
    op.drop_table("audit_subjects")
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entries_refuse()")
