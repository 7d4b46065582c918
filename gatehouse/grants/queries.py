"""Reading what people let clients do. Every query is bound to one account."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from gatehouse.clients.models import Client
from gatehouse.core.context import Context
from gatehouse.grants.models import Grant


def consents_of(user_id: UUID) -> Select[Grant, Client]:
    """The living grants of a person with the client of each, the newest first."""
    return (
        select(Grant, Client)
        .join(Client, Client.id == Grant.client_row_id)
        .where(Grant.user_id == user_id, Grant.revoked_at.is_(None))
        .order_by(Grant.id.desc())
    )


def consents(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of a person's consents."""
    rows = ctx.db.execute(
        select(
            Client.name.label("client"),
            Grant.scopes,
            Grant.claims,
            Grant.resources,
            Grant.details,
            Grant.created_at,
            Grant.updated_at,
            Grant.revoked_at,
        )
        .join(Client, Client.id == Grant.client_row_id)
        .where(Grant.user_id == user_id)
        .order_by(Grant.id)
    )
    return [row._asdict() for row in rows]
