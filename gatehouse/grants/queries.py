"""Reading what people let clients do. Every query is bound to one account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, type_coerce

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.clients.models import Client
from gatehouse.core.context import Context
from gatehouse.grants.models import ClientSession, Grant, RefreshFamily
from gatehouse.organizations.models import Organization
from gatehouse.sessions.models import Session, SessionStatus

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Consent:
    """What one application may do for a person."""

    id: UUID
    client: str
    client_id: str
    organization: str | None
    scopes: Sequence[str]
    claims: Sequence[str]
    resources: Sequence[str]
    details: Sequence[Mapping[str, Any]]
    organizations: Sequence[str]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def consents_of(user_id: UUID) -> Select[Any]:
    """The living grants of a person with the client of each, the newest first."""
    turned = func.coalesce(RefreshFamily.rotated_at, RefreshFamily.created_at)
    refreshed = select(func.max(turned)).where(RefreshFamily.grant_id == Grant.id).scalar_subquery()
    return (
        select(
            Grant,
            Client.name,
            Client.client_id,
            Organization.name.label("organization"),
            type_coerce(refreshed, Grant.created_at.type).label("refreshed_at"),
        )
        .join(Client, Client.id == Grant.client_row_id)
        .outerjoin(Organization, Organization.id == Client.org_id)
        .where(Grant.user_id == user_id, Grant.revoked_at.is_(None))
        .order_by(Grant.id.desc())
    )


def consent_of(row: Any) -> Consent:
    """A row of ``consents_of`` as a person would know it again."""
    grant, used = row[0], [at for at in (row[0].used_at, row.refreshed_at) if at is not None]
    return Consent(
        id=grant.id,
        client=row.name,
        client_id=row.client_id,
        organization=row.organization,
        scopes=grant.scopes,
        claims=grant.claims,
        resources=grant.resources,
        details=grant.details,
        organizations=grant.organizations,
        created_at=grant.created_at,
        updated_at=grant.updated_at,
        expires_at=grant.agreed_until,
        last_used_at=max(used, default=None),
    )


def applications_of(ctx: Context) -> list[Consent]:
    """What applications may do for the caller: the newest."""
    rows = ctx.db.execute(consents_of(ctx.user_id).limit(MOST_SHOWN)).all()
    return [consent_of(row) for row in rows]


def is_token_open(ctx: Context) -> bool:
    """The OpenTokens port: whether nothing has ended what the caller's access token lives by."""
    actor = ctx.actor
    found = (
        select(Grant.id)
        .join(User, User.id == Grant.user_id)
        .where(
            Grant.user_id == ctx.user_id,
            Grant.client_row_id == actor.client_row_id,
            Grant.revoked_at.is_(None),
            User.status == AccountStatus.ACTIVE,
        )
    )
    if actor.family_id is not None:
        family = select(RefreshFamily.id).where(
            RefreshFamily.id == actor.family_id, RefreshFamily.revoked_at.is_(None)
        )
        found = found.where(family.exists())
    if actor.session_id is not None:
        session = select(Session.id).where(
            Session.id == actor.session_id, Session.status != SessionStatus.REVOKED
        )
        found = found.where(session.exists())
    return ctx.db.scalar(found) is not None


def factor_proved_for(ctx: Context) -> datetime | None:
    """When the owner of the caller's access token had last proved more than a password, when they
    let the program in. None if they had not, or if nothing is left of the session that says so.
    """
    actor = ctx.actor
    proved = select(Session.mfa_time).where(Session.user_id == ctx.user_id)
    if actor.session_id is not None:
        proved = proved.where(Session.id == actor.session_id)
    else:
        proved = (
            proved.join(ClientSession, ClientSession.session_id == Session.id)
            .join(RefreshFamily, RefreshFamily.sid == ClientSession.id)
            .where(RefreshFamily.id == actor.family_id)
        )
    found: datetime | None = ctx.db.scalar(proved)
    return found and actor.auth_time and min(found, actor.auth_time)


def consents(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of a person's consents."""
    rows = ctx.db.execute(
        select(
            Client.name.label("client"),
            Grant.scopes,
            Grant.claims,
            Grant.resources,
            Grant.details,
            Grant.organizations,
            Grant.created_at,
            Grant.updated_at,
            Grant.used_at,
            Grant.revoked_at,
        )
        .join(Client, Client.id == Grant.client_row_id)
        .where(Grant.user_id == user_id)
        .order_by(Grant.id)
    )
    return [row._asdict() for row in rows]
