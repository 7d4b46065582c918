"""What ends with a session at applications: tokens, and their own sessions when they are told."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from gatehouse.clients.models import Client
from gatehouse.clients.queries import COLUMNS, known
from gatehouse.core.context import Context
from gatehouse.core.db import in_batches
from gatehouse.grants.models import ClientSession, RefreshFamily
from gatehouse.grants.service import revoke_families
from gatehouse.oidc_provider.events import LogoutDue
from gatehouse.oidc_provider.service.subjects import sub_of
from gatehouse.organizations.models import Organization
from gatehouse.outbox.service import publish
from gatehouse.sessions.models import Session


def sessions_ended(ctx: Context, session_ids: Sequence[UUID], *, reason: str) -> None:
    """The EndedSessions port. Tokens that are bound to a session need nothing: it is looked at."""
    offline: list[UUID] = []
    for ids in in_batches(session_ids):
        places = (
            select(ClientSession.id.label("sid"), Session.user_id, *COLUMNS)
            .join(Session, Session.id == ClientSession.session_id)
            .join(Client, Client.id == ClientSession.client_row_id)
            .outerjoin(Organization, Organization.id == Client.org_id)
            .where(ClientSession.session_id.in_(ids))
        )
        for row in ctx.db.execute(places).all():
            ctx.outwait_leases()  # Of its tokens.
            client = known(row)
            if client.options.revoke_offline_on_logout:
                offline.append(row.sid)
            if client.options.backchannel_logout_uri and client.is_usable:
                event = LogoutDue(
                    org_id=client.org_id,
                    user_id=row.user_id,
                    client_row_id=client.id,
                    sid=row.sid,
                    sub=sub_of(ctx, client, row.user_id),
                )
                publish(ctx, event)
    for ids in in_batches(offline):
        revoke_families(ctx, RefreshFamily.sid.in_(ids), reason=reason)
