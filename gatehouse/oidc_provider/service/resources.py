"""What access tokens may be for (RFC 8707)."""

from collections.abc import Sequence

from sqlalchemy import select

from gatehouse.clients.models import ResourceName
from gatehouse.clients.queries import KnownClient, find_client, holders_of
from gatehouse.clients.rules import api_of
from gatehouse.clients.rules.resources import is_uri, normal
from gatehouse.core.context import Context
from gatehouse.oidc_provider.errors import InvalidTarget

MOST_RESOURCES = 10


def check_resources(ctx: Context, client: KnownClient, wanted: Sequence[str]) -> tuple[str, ...]:
    """The resources that are asked for, if the client may have them. Raises InvalidTarget.

    What does not belong to the client's organization is not to be had, nor is our own REST API but
    by the client that is built in.
    """
    if not wanted:
        return ()
    asked = tuple(dict.fromkeys(wanted))
    if len(asked) > MOST_RESOURCES or not set(asked) <= set(client.options.resources):
        raise InvalidTarget
    if client.is_built_in:
        return asked
    if api_of(ctx.settings.app_url) in asked or not audience_is_of(ctx, client, asked):
        raise InvalidTarget
    return asked


def audience_is_of(ctx: Context, client: KnownClient, audience: Sequence[str]) -> bool:
    """Whether all of it belongs to the client's organization: resources that it has, and its
    clients by their names. What was taken from it since, by whoever proved the domain, does not.
    """
    uris = [normal(each) for each in audience if is_uri(each)]
    named = (find_client(ctx.runtime, each) for each in audience if not is_uri(each))
    if any(found is None or found.org_id != client.org_id for found in named):
        return False
    holders = holders_of(ctx.single, uris)
    return all(name in holders and holders[name].is_held_by(client.org_id) for name in uris)


def is_served_by(ctx: Context, client: KnownClient, audience: Sequence[str]) -> bool:
    """Whether the client is the server of something of it."""
    names = [normal(each) for each in audience if is_uri(each)]
    own = ctx.single.scalar(
        select(ResourceName.id)
        .where(ResourceName.name.in_(names), ResourceName.server_id == client.id)
        .limit(1)
    )
    return own is not None
