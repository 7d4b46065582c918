"""Claiming domains, proving them by a record in the DNS, and noticing when the proof is gone."""

from collections.abc import Callable, Sequence
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
    still_proven,
)
from gatehouse.organizations.models import Organization
from gatehouse.organizations.service import hold_as

MOST_DOMAINS = 100
KEPT = timedelta(days=90)  # a claim that is not proven
BATCH = 1000
MOST_AT_ONCE = 8  # questions to the DNS that a job waits for


def claim_domain(ctx: Context, org_id: UUID, *, domain: str) -> OrganizationDomain:
    """Claim a domain. Others may claim it too: it counts when it is proven."""
    hold_as(ctx, org_id, DomainPermission.MANAGE)
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
    """Look again at the proven domains that wait longest, some at a time. Returns how many.

    All are asked for a quick answer first; those that give none are asked with patience, when no
    other is due. So thousands of names on a silent server keep nobody waiting for long.
    """
    ctx.stay_out_of_the_transaction()
    with unit_of_work(ctx.runtime, ctx.origin, ctx.actor, reads_only=True) as looking:
        due = _due(looking)
    resolver = ctx.ports[Resolver]

    def ask(claim: OrganizationDomain) -> bool | None:
        """Whether the record is there; None if the DNS does not say."""
        try:
            texts = resolver.texts(rules.record_name(claim.domain), quickly=not claim.was_silent)
        except ResolverAway:
            return None
        return rules.proves(texts, claim.challenge)

    answers = dict(zip([claim.id for claim in due], _at_once(ask, due), strict=True))
    for claim in still_proven(ctx, answers):
        _note_answer(ctx, claim, answers[claim.id])
    return len(due)


def _due(ctx: Context) -> Sequence[OrganizationDomain]:
    for silent in (False, True):
        due = ctx.db.scalars(due_domains(ctx.now, silent=silent).limit(MOST_AT_ONCE)).all()
        if due:
            break
    return due


def _at_once(
    ask: Callable[[OrganizationDomain], bool | None], claims: Sequence[OrganizationDomain]
) -> list[bool | None]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - workers alone need it

    with ThreadPoolExecutor(MOST_AT_ONCE, "gatehouse-domains") as threads:
        return list(threads.map(ask, claims))


def _note_answer(ctx: Context, claim: OrganizationDomain, is_there: bool | None) -> None:  # noqa: FBT001
    was_heard = is_there is not None
    is_first_try = not claim.was_silent
    claim.was_silent = not was_heard
    if is_there:
        _prove(ctx, claim)
    elif is_first_try and not was_heard:
        return  # It is still due, and asked with patience.
    elif _note_failure(ctx, claim, was_heard=was_heard):
        record(ctx, DomainLost(org_id=claim.org_id, domain_id=claim.id, domain=claim.domain))


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
    claim.failing_since, claim.was_silent = None, False
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
