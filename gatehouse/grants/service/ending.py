"""Ending at once all that a client, or all clients of an organization, may do."""

from uuid import UUID

from sqlalchemy import select

from gatehouse.audit.service import record
from gatehouse.clients.models import Client
from gatehouse.clients.permissions import ClientPermission
from gatehouse.clients.queries import get_client
from gatehouse.clients.service import end_tokens
from gatehouse.core.context import Context
from gatehouse.grants.events import ClientTokensEnded
from gatehouse.grants.models import Grant
from gatehouse.grants.service.consents import revoke_grants
from gatehouse.organizations import service as organizations
from gatehouse.organizations.service import hold_as

REASON = "ended_by_organization"


def end_tokens_of_client(ctx: Context, org_id: UUID, client_row_id: UUID) -> int:
    """End everything that people let a client do: codes, access and refresh tokens, consents; and
    the tokens that it has for itself.

    Returns of how many persons. Raises ClientNotFound.
    """
    hold_as(ctx, org_id, ClientPermission.MANAGE)
    client = get_client(ctx, org_id, client_row_id)
    end_tokens(ctx, client)
    ended = revoke_grants(ctx, Grant.client_row_id == client.id, reason=REASON)
    record(ctx, ClientTokensEnded(org_id=org_id, client_row_id=client.id, people=ended))
    return ended


def end_tokens_of_organization(ctx: Context, org_id: UUID) -> int:
    """The same for every client of the organization. Returns how many consents there were."""
    hold_as(ctx, org_id, ClientPermission.MANAGE)
    organizations.end_tokens(ctx, org_id)
    theirs = select(Client.id).where(Client.org_id == org_id).scalar_subquery()
    ended = revoke_grants(ctx, Grant.client_row_id.in_(theirs), reason=REASON)
    record(ctx, ClientTokensEnded(org_id=org_id, client_row_id=None, people=ended))
    return ended
