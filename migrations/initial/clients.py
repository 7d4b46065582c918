"""Applications that sign people in through us; of their secrets hashes alone."""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from migrations.initial.common import TIME, belongs_to

MADE_AT = datetime(2026, 8, 1, tzinfo=UTC)


def create() -> None:
    _clients()
    _registration_tokens()
    _resource_names()
    _client_uses()


def drop() -> None:
    op.drop_table("client_uses")
    op.drop_table("resource_names")
    op.drop_table("registration_tokens")
    op.drop_table("clients")


def _clients() -> None:
    clients = op.create_table(
        "clients",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.String(100), nullable=False),
        sa.Column("org_id", sa.Uuid),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_trusted", sa.Boolean, nullable=False),
        sa.Column("is_built_in", sa.Boolean, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("secrets", sa.JSON, nullable=False),
        sa.Column("registration_token_hash", sa.LargeBinary(32)),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.Column("tokens_not_before", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("client_id", name="uq_clients_client_id"),
        belongs_to("organizations", "org_id", "fk_clients_org_id"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name="fk_clients_created_by_id", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_clients_created_by_id", "clients", ["created_by_id"])
    op.create_index("ix_clients_org_id_name", "clients", ["org_id", "name"])
    op.bulk_insert(clients, [_command_line()])


def _command_line() -> dict[str, object]:
    """The client that is built in; what it may do stands in the code."""
    return {
        "id": UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
        "client_id": "gatehouse-cli",
        "name": "Gatehouse command line",
        "is_active": True,
        "is_trusted": False,
        "is_built_in": True,
        "settings": {"token_endpoint_auth_method": "none"},
        "secrets": [],
        "updated_at": MADE_AT,
        "created_at": MADE_AT,
    }


def _registration_tokens() -> None:
    op.create_table(
        "registration_tokens",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("uses_left", sa.Integer, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registration_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_registration_tokens_token_hash"),
        belongs_to("organizations", "org_id", "fk_registration_tokens_org_id"),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["users.id"],
            name="fk_registration_tokens_created_by_id",
            ondelete="SET NULL",
        ),
    )
    op.create_index(
        "ix_registration_tokens_created_by_id", "registration_tokens", ["created_by_id"]
    )
    op.create_index("ix_registration_tokens_expires_at", "registration_tokens", ["expires_at"])
    op.create_index("ix_registration_tokens_org_id", "registration_tokens", ["org_id"])


def _resource_names() -> None:
    op.create_table(
        "resource_names",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("org_id", sa.Uuid),
        sa.Column("server_id", sa.Uuid),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_resource_names"),
        sa.UniqueConstraint("name", name="uq_resource_names_name"),
        belongs_to("organizations", "org_id", "fk_resource_names_org_id"),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["clients.id"],
            name="fk_resource_names_server_id",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_resource_names_org_id", "resource_names", ["org_id"])
    op.create_index("ix_resource_names_server_id", "resource_names", ["server_id"])


def _client_uses() -> None:
    op.create_table(
        "client_uses",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("client_row_id", sa.Uuid, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_client_uses"),
        belongs_to("clients", "client_row_id", "fk_client_uses_client_row_id"),
    )
    op.create_index("ix_client_uses_day", "client_uses", ["day"])
    op.create_index(
        "uq_client_uses_client_row_id_day_kind",
        "client_uses",
        ["client_row_id", "day", "kind"],
        unique=True,
    )
