"""What access tokens may be for (RFC 8707)."""

from collections.abc import Sequence

from sqlalchemy import select

from gatehouse.clients.models import ClientAudience
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.oidc_provider.errors import InvalidTarget

MOST_RESOURCES = 10


def check_resources(ctx: Context, client: KnownClient, wanted: Sequence[str]) -> tuple[str, ...]:
    """The resources that are asked for, if the client may have them. Raises InvalidTarget.

    What belongs to a resource server of another organization is not to be had.
    """
    if not wanted:
        return ()
    asked = tuple(dict.fromkeys(wanted))
    if len(asked) > MOST_RESOURCES or not set(asked) <= set(client.options.resources):
        raise InvalidTarget
    with ctx.runtime.short.connect() as db:
        owners = db.execute(
            select(ClientAudience.org_id).where(ClientAudience.audience.in_(asked))
        ).scalars()
        if any(owner != client.org_id for owner in owners):
            raise InvalidTarget
    return asked
