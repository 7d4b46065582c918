"""What access tokens may be for (RFC 8707)."""

from collections.abc import Sequence

from sqlalchemy import select

from gatehouse.clients.models import ClientAudience
from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.clients.rules import api_of
from gatehouse.core.context import Context
from gatehouse.oidc_provider.errors import InvalidTarget

MOST_RESOURCES = 10


def check_resources(ctx: Context, client: KnownClient, wanted: Sequence[str]) -> tuple[str, ...]:
    """The resources that are asked for, if the client may have them. Raises InvalidTarget.

    What belongs to a resource server of another organization is not to be had, nor is our own REST
    API but by the client that is built in.
    """
    if not wanted:
        return ()
    asked = tuple(dict.fromkeys(wanted))
    if len(asked) > MOST_RESOURCES or not set(asked) <= set(client.options.resources):
        raise InvalidTarget
    if api_of(ctx.settings.app_url) in asked and not client.is_built_in:
        raise InvalidTarget
    if not audience_is_of(ctx, client, asked):
        raise InvalidTarget
    return asked


def audience_is_of(ctx: Context, client: KnownClient, audience: Sequence[str]) -> bool:
    """Whether nothing of it belongs to another organization than the client does: as what a client
    serves, or as the name of one.
    """
    named = (find_client(ctx.runtime, each) for each in audience)
    if any(found is not None and found.org_id != client.org_id for found in named):
        return False
    with ctx.runtime.short.connect() as db:
        owners = db.execute(
            select(ClientAudience.org_id).where(ClientAudience.audience.in_(audience))
        ).scalars()
        return all(owner == client.org_id for owner in owners)


def is_served_by(ctx: Context, client: KnownClient, audience: Sequence[str]) -> bool:
    """Whether the client is the server of something of it."""
    with ctx.runtime.short.connect() as db:
        own = db.scalar(
            select(ClientAudience.id)
            .where(ClientAudience.audience.in_(audience), ClientAudience.client_row_id == client.id)
            .limit(1)
        )
    return own is not None
