"""Reading the domains of one organization."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from gatehouse.core.context import Context
from gatehouse.domains.errors import DomainNotFound
from gatehouse.domains.models import DomainStatus, OrganizationDomain


def domains_of(org_id: UUID) -> Select[Any]:
    return (
        select(OrganizationDomain)
        .where(OrganizationDomain.org_id == org_id)
        .order_by(OrganizationDomain.domain, OrganizationDomain.id)
    )


def get_domain(ctx: Context, org_id: UUID, domain_id: UUID) -> OrganizationDomain:
    found: OrganizationDomain | None = ctx.db.scalar(
        domains_of(org_id).where(OrganizationDomain.id == domain_id)
    )
    if found is None:
        raise DomainNotFound
    return found


def domain_is_claimed(ctx: Context, org_id: UUID, domain: str) -> bool:
    found = select(OrganizationDomain.id).where(
        OrganizationDomain.org_id == org_id, OrganizationDomain.domain == domain
    )
    return ctx.db.scalar(found) is not None


def count_domains(ctx: Context, org_id: UUID) -> int:
    rows = select(func.count(OrganizationDomain.id)).where(OrganizationDomain.org_id == org_id)
    return ctx.db.scalar(rows) or 0


def is_proven_by(ctx: Context, org_id: UUID, domain: str) -> bool:
    """Whether the organization has proven this very domain, and it counts still."""
    proven = domains_of(org_id).where(
        OrganizationDomain.domain == domain, OrganizationDomain.status == DomainStatus.VERIFIED
    )
    return ctx.db.scalar(proven) is not None


def is_proven_elsewhere(ctx: Context, org_id: UUID, domain: str) -> bool:
    found = select(OrganizationDomain.id).where(
        OrganizationDomain.domain == domain,
        OrganizationDomain.status == DomainStatus.VERIFIED,
        OrganizationDomain.org_id != org_id,
    )
    return ctx.db.scalar(found) is not None


def due_domains(now: datetime, *, silent: bool) -> Select[Any]:
    """Proven domains that are to be looked at again, the longest due first."""
    return (
        select(OrganizationDomain)
        .where(
            OrganizationDomain.status == DomainStatus.VERIFIED,
            OrganizationDomain.was_silent == silent,
            OrganizationDomain.due_at <= now,
        )
        .order_by(OrganizationDomain.due_at)
    )


def still_proven(ctx: Context, ids: Collection[UUID]) -> Sequence[OrganizationDomain]:
    rows = select(OrganizationDomain).where(
        OrganizationDomain.id.in_(ids), OrganizationDomain.status == DomainStatus.VERIFIED
    )
    return ctx.db.scalars(rows).all()
