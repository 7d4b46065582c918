"""Claiming domains, proving them by a record in the DNS, and noticing when the proof is gone."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from gatehouse.audit.service import record
from gatehouse.core.access import check_permission
from gatehouse.core.context import Context, unit_of_work
from gatehouse.core.crypto import fingerprint
from gatehouse.domains import rules
from gatehouse.domains.errors import (
    ChallengeNotFound,
    DomainClaimedAlready,
    ProvenElsewhere,
    ResolverAway,
    TooManyDomains,
)
from gatehouse.domains.events import DomainClaimed, DomainLost, DomainProven, DomainRemoved
from gatehouse.domains.models import DomainStatus, OrganizationDomain
from gatehouse.domains.permissions import DomainPermission
from gatehouse.domains.ports import Resolver
from gatehouse.domains.queries import (
    count_domains,
    domain_is_claimed,
    due_domains,
    get_domain,
    is_proven_elsewhere,
)
from gatehouse.organizations.models import Organization

MOST_DOMAINS = 100
KEPT = timedelta(days=90)  # a claim that is not proven
BATCH = 1000


def claim_domain(ctx: Context, org_id: UUID, *, domain: str) -> OrganizationDomain:
    """Claim a domain. Others may claim it too: it counts when it is proven."""
    if domain_is_claimed(ctx, org_id, domain):
        raise DomainClaimedAlready
    if count_domains(ctx, org_id) >= MOST_DOMAINS:
        raise TooManyDomains(most=MOST_DOMAINS)
    # Kept in the row, so that a new SECRET_KEY does not make records in the DNS worthless.
    challenge = fingerprint(ctx.settings.secret_key, "domain challenge", f"{org_id}:{domain}")[:40]
    claim = OrganizationDomain(
        org_id=org_id, domain=domain, challenge=challenge, created_at=ctx.now
    )
    ctx.db.add(claim)
    ctx.db.flush()
    record(ctx, DomainClaimed(org_id=org_id, domain_id=claim.id, domain=domain))
    return claim


def remove_domain(ctx: Context, org_id: UUID, domain_id: UUID) -> None:
    claim = get_domain(ctx, org_id, domain_id)
    ctx.db.delete(claim)
    record(ctx, DomainRemoved(org_id=org_id, domain_id=domain_id, domain=claim.domain))


def verify_domain(ctx: Context, org_id: UUID, domain_id: UUID) -> OrganizationDomain:
    """Look for the record, and let the domain be the organization's if it is there.

    The DNS is asked between two looks at the rows, since it may take seconds. Raises
    ChallengeNotFound, ProvenElsewhere, ResolverBusy or ResolverAway.
    """
    ctx.stay_out_of_the_transaction()
    with unit_of_work(ctx.runtime, ctx.origin, ctx.actor, reads_only=True) as looking:
        check_permission(looking, org_id, DomainPermission.MANAGE)
        asked = get_domain(looking, org_id, domain_id)
    name = rules.record_name(asked.domain)
    texts = ctx.ports[Resolver].texts(name, (ctx.user_id, org_id))
    is_there = rules.proves(texts, asked.challenge)
    check_permission(ctx, org_id, DomainPermission.MANAGE)
    claim = get_domain(ctx, org_id, domain_id)
    if not is_there:
        raise ChallengeNotFound(txt_name=name, txt_value=f"{rules.VALUE}{asked.challenge}")
    was_proven = claim.status is DomainStatus.VERIFIED
    _prove(ctx, claim)
    if not was_proven:
        record(ctx, DomainProven(org_id=org_id, domain_id=domain_id, domain=claim.domain))
    return claim


def check_next(ctx: Context) -> int:
    """Look again at the proven domain that waits longest. Returns how many that were: 0 or 1."""
    due = ctx.glance(due_domains(ctx.now).limit(1))
    if due is None:
        return 0
    domain_id, org_id, domain, challenge = due
    try:
        is_there = rules.proves(ctx.ports[Resolver].texts(rules.record_name(domain)), challenge)
        was_heard = True
    except ResolverAway:
        is_there = was_heard = False
    claim = ctx.db.scalar(
        select(OrganizationDomain)
        .where(OrganizationDomain.id == domain_id)
        .where(OrganizationDomain.status == DomainStatus.VERIFIED)
    )
    if claim is None:
        return 1
    if is_there:
        _prove(ctx, claim)
    elif _note_failure(ctx, claim, was_heard=was_heard):
        record(ctx, DomainLost(org_id=org_id, domain_id=domain_id, domain=domain))
    return 1


def forget_domains(ctx: Context, org_id: UUID) -> int:
    """Free the domains of an organization that goes. Returns how many there were."""
    gone = delete(OrganizationDomain).where(OrganizationDomain.org_id == org_id)
    return ctx.execute(gone)


def _prove(ctx: Context, claim: OrganizationDomain) -> None:
    _free_of_the_dead(ctx, claim.domain)
    if is_proven_elsewhere(ctx, claim.org_id, claim.domain):
        raise ProvenElsewhere
    claim.verified_at = claim.verified_at or ctx.now
    claim.status = DomainStatus.VERIFIED
    claim.failing_since = None
    claim.checked_at, claim.due_at = ctx.now, ctx.now + rules.CHECK_AGAIN
    ctx.db.flush()  # The index lets one of two have it: the other hears of a conflict.


def purge_claims(ctx: Context) -> int:
    """Delete a batch of claims that nobody has proven for 90 days. Returns how many there were.

    Who claims the name again is asked for the same record.
    """
    over = (
        select(OrganizationDomain.id)
        .where(
            OrganizationDomain.status == DomainStatus.PENDING,
            OrganizationDomain.created_at < ctx.now - KEPT,
        )
        .limit(BATCH)
    )
    gone = delete(OrganizationDomain).where(OrganizationDomain.id.in_(over.scalar_subquery()))
    return ctx.execute(gone.execution_options(synchronize_session=False))


def _note_failure(ctx: Context, claim: OrganizationDomain, *, was_heard: bool) -> bool:
    """Note that the proof was not seen. Returns whether it is lost by that."""
    claim.failing_since = claim.failing_since or ctx.now
    claim.checked_at, claim.due_at = ctx.now, ctx.now + rules.CHECK_AGAIN
    if not rules.is_lost(ctx.now - claim.failing_since, was_heard=was_heard):
        return False
    claim.status, claim.due_at, claim.verified_at = DomainStatus.LOST, None, None
    return True


def _free_of_the_dead(ctx: Context, domain: str) -> None:
    """Nobody is kept from a domain by an organization that is no more."""
    dead = select(Organization.id).where(Organization.deleted_at.is_not(None))
    ctx.db.execute(
        delete(OrganizationDomain)
        .where(OrganizationDomain.domain == domain, OrganizationDomain.org_id.in_(dead))
        .execution_options(with_removed=True, synchronize_session=False)
    )
