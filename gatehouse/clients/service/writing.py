"""Writing clients down."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from gatehouse.audit.service import record
from gatehouse.clients.errors import TooManyClients, TooManyOfNobody
from gatehouse.clients.events import ClientCreated
from gatehouse.clients.models import Client
from gatehouse.clients.rules import COMMAND_LINE, sha256_of, slow_hash
from gatehouse.core.context import Context
from gatehouse.core.tokens import mint

SECRET = "gcs_"  # noqa: S105 - a prefix
SEALED_FOR = "client secret"
MOST_CLIENTS = 1000  # of one organization
MOST_OF_NOBODY = 10_000  # that registered themselves without one


def refuse_one_too_many(ctx: Context, org_id: UUID | None) -> None:
    """Raise TooManyClients if the organization, which whoever calls holds, has as many as it may
    have; TooManyOfNobody if as many have registered themselves without one as may.
    """
    count = select(func.count()).select_from(Client)
    if org_id is not None:
        if (ctx.db.scalar(count.where(Client.org_id == org_id)) or 0) >= MOST_CLIENTS:
            raise TooManyClients
        return
    # What every installation has stands for the instance: one after the other holds it.
    instance = select(Client.id).where(Client.client_id == COMMAND_LINE)
    ctx.db.execute(instance.with_for_update(key_share=True))
    of_nobody = Client.org_id.is_(None), Client.registration_token_hash.is_not(None)
    if (ctx.db.scalar(count.where(*of_nobody)) or 0) >= MOST_OF_NOBODY:
        raise TooManyOfNobody


def add_client(
    ctx: Context,
    *,
    org_id: UUID | None,
    name: str,
    settings: Mapping[str, Any],
    client_id: str = "",
    secrets: tuple[dict[str, Any], ...] = (),
    came_by: str = "",
    **fields: Any,
) -> Client:
    """Add a row as it is: whoever calls has checked the settings."""
    client = Client(
        client_id=client_id or token_hex(16),
        org_id=org_id,
        name=name,
        settings=dict(settings),
        secrets=list(secrets),
        created_by_id=ctx.actor.user_id,
        created_at=ctx.now,
        updated_at=ctx.now,
        **fields,
    )
    ctx.db.add(client)
    ctx.db.flush()
    event = ClientCreated(
        org_id=org_id, client_row_id=client.id, known_as=client.client_id, came_by=came_by
    )
    record(ctx, event)
    return client


def new_secret(ctx: Context, *, sealed: bool = False) -> tuple[str, dict[str, Any]]:
    """A secret of 256 random bits, and what is stored of it. ``sealed``: so that we can read it
    again, for client_secret_jwt, which signs with it.
    """
    secret = mint(SECRET)
    stored = _stored(ctx, sha256_of(secret))
    if sealed:
        stored["sealed"] = ctx.runtime.keyring.seal(secret.encode(), SEALED_FOR)
    return secret, stored


def chosen_secret(ctx: Context, secret: str) -> dict[str, Any]:
    """What is stored of a secret that a person chose."""
    return _stored(ctx, slow_hash(secret))


def _stored(ctx: Context, made: str) -> dict[str, Any]:
    return {
        "id": token_hex(8),
        "hash": made,
        "created_at": ctx.now.isoformat(),
        "expires_at": None,
    }
