"""HTTP for an organization's domains."""

from http import HTTPStatus
from uuid import UUID

from gatehouse.core.access import requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import (
    Forbidden,
    MembershipSuspended,
    MfaComplianceRequired,
    StepUpRequired,
)
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window, paginate
from gatehouse.core.rate_limit import limited
from gatehouse.domains import queries, service
from gatehouse.domains.errors import (
    ChallengeNotFound,
    DomainClaimedAlready,
    ProvenElsewhere,
    ResolverAway,
    ResolverBusy,
    TooManyDomains,
)
from gatehouse.domains.models import OrganizationDomain
from gatehouse.domains.permissions import DomainPermission
from gatehouse.domains.schemas import DomainIn, DomainOut

api = Api("domains", at="/organizations/<uuid:org_id>/domains", about="Names proven by the DNS.")


@api.get()
@requires(DomainPermission.READ)
@query(Window)
@returns(DomainOut, key="domains", paged=True)
def list_domains(
    ctx: Context, org_id: UUID, *, page: int, per_page: int
) -> Page[OrganizationDomain]:
    """List the domains of an organization, with the record that proves each."""
    return paginate(ctx, queries.domains_of(org_id), page=page, per_page=per_page)


@api.post()
@requires(DomainPermission.MANAGE)
@limited("60/hour", per="user")
@body(DomainIn)
@returns(DomainOut, HTTPStatus.CREATED, key="domain")
@raises(DomainClaimedAlready, TooManyDomains)
def claim_domain(ctx: Context, org_id: UUID, *, domain: str) -> OrganizationDomain:
    """Claim a domain. Put its TXT record into the DNS, then verify it."""
    return service.claim_domain(ctx, org_id, domain=domain)


@api.delete("/<uuid:domain_id>")
@requires(DomainPermission.MANAGE)
@returns(None)
def remove_domain(ctx: Context, org_id: UUID, domain_id: UUID) -> None:
    """Remove a domain: it is no longer the organization's."""
    service.remove_domain(ctx, org_id, domain_id)


# The service asks for the permission: before the DNS is asked, and again before anything changes.
@api.post("/<uuid:domain_id>/verify")
@signed_in
@limited("20/minute;120/hour", per="user")
@returns(DomainOut, key="domain")
@raises(
    Forbidden,
    MembershipSuspended,
    MfaComplianceRequired,
    StepUpRequired,
    ChallengeNotFound,
    ProvenElsewhere,
    ResolverAway,
    ResolverBusy,
)
def verify_domain(ctx: Context, org_id: UUID, domain_id: UUID) -> OrganizationDomain:
    """Look for the TXT record; if it is there, the domain is the organization's."""
    return service.verify_domain(ctx, org_id, domain_id)
