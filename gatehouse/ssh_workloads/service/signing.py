"""Certificates for jobs: whose token it is, which rule is for it, and each token once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from uuid_utils.compat import uuid7

from gatehouse.audit.service import record_attempt
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.errors import GatehouseError
from gatehouse.core.jose import SKEW, NotGenuine, check_signature
from gatehouse.core.openssh.keys import PublicKey
from gatehouse.core.openssh.signatures import BadSignature
from gatehouse.core.openssh.sshsig import check_text, read_sent
from gatehouse.core.rate_limit import count, parse
from gatehouse.principals.queries import names_of
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.queries import policy_of_organization
from gatehouse.ssh_ca.rules.key_ids import Holder, key_id_of_workload
from gatehouse.ssh_ca.rules.requests import RSA
from gatehouse.ssh_certificates.errors import (
    KeyNotVerified,
    KeyTooShort,
    UnauthorizedPrincipals,
)
from gatehouse.ssh_certificates.queries import (
    get_signer_for_all,
    hold_off_revocations,
    is_revoked_key,
)
from gatehouse.ssh_certificates.service import Issued, Order, issue
from gatehouse.ssh_keys.service import read_sent_key, unproved
from gatehouse.ssh_workloads.errors import (
    InvalidWorkloadToken,
    WorkloadAmbiguous,
    WorkloadNotMatched,
    WorkloadTokenUsed,
)
from gatehouse.ssh_workloads.events import WorkloadRefused
from gatehouse.ssh_workloads.models import WorkloadRule, WorkloadToken
from gatehouse.ssh_workloads.ports import IssuerKeys
from gatehouse.ssh_workloads.queries import Place, find_place, rules_of_issuer
from gatehouse.ssh_workloads.rules.claims import unmatched
from gatehouse.ssh_workloads.rules.tokens import (
    ALGORITHMS,
    LONGEST_TTL,
    Fault,
    Job,
    NotAccepted,
    Shown,
    job_of,
    read_token,
)

NAMESPACE = "ssh-workload@gatehouse"  # of the signature (PROTOCOL.sshsig, "namespace")
LIMIT = parse("300/minute")  # of jobs that some rule of an organization is for
KEPT_LONGER = timedelta(seconds=2 * SKEW)  # than a token is taken, by whoever's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a job sends. ``organization`` is a slug or an id."""

    organization: str
    token: str
    public_key: str
    signature: str
    rule_id: UUID | None = None


@dataclass(slots=True)
class Known:
    """What is known of a job so far, for the record if it is refused."""

    org_id: UUID | None = None
    rule_id: UUID | None = None
    issuer: str | None = None
    fingerprint: str | None = None
    claims: tuple[str, ...] = ()


def sign(ctx: Context, asked: Asked) -> Issued:
    """Sign a certificate for a job, by the rule that is for it.

    Raises InvalidWorkloadToken, WorkloadTokenUsed, WorkloadNotMatched, WorkloadAmbiguous,
    InvalidPublicKey, VerificationFailed, WrongNamespace, UserPresenceRequired, KeyNotVerified,
    KeyTooShort, UnauthorizedPrincipals, AuthorityKeyCertified, NoAuthority, SignerUnavailable,
    TooManyRequests, KeysBusy.
    """
    known = Known()
    with _refusals_on_record(ctx, known):
        shown = read_token(asked.token)
        place = find_place(ctx, asked.organization)
        known.org_id = None if place is None else place.id
        # Whoever has no key of their own does not hear whom an organization trusts.
        key = _proved_key(asked)
        known.fingerprint = key.fingerprint
        if place is None:
            raise NotAccepted(Fault.UNKNOWN_ORGANIZATION)
        rules = _rules_before(ctx, place, asked, shown, known)
        job = _proved_job(ctx, place, shown)
        _the_rule(rules, job, known)
        # Everybody has genuine tokens of some issuers: those take nothing from who is meant.
        _limit(ctx, place)
        # From here on nobody ends a rule, or takes a principal away, before this act is over.
        hold_off_revocations(ctx, place.id)
        rules = rules_of_issuer(ctx, place.id, shown.issuer, asked.rule_id)
        rule = _the_rule(rules, job, known)
        _refuse_wrong(ctx, place, rule, key)
        _use_up(ctx, shown, job)
        return issue(ctx, _order(ctx, place, rule, job=job, key=key))


def _rules_before(
    ctx: Context, place: Place, asked: Asked, shown: Shown, known: Known
) -> Sequence[WorkloadRule]:
    """Those of the issuer, as far as is known before it is asked: nobody is whom no rule names."""
    rules = rules_of_issuer(ctx, place.id, shown.issuer, asked.rule_id)
    ctx.leave_the_transaction()
    if not rules:
        raise NotAccepted(Fault.ISSUER)
    known.issuer = shown.issuer
    known.rule_id = rules[0].id if len(rules) == 1 else None
    return rules


def _proved_key(asked: Asked) -> PublicKey:
    """The key, which has signed this very token: none is certified for who does not have it."""
    key = read_sent_key(asked.public_key)
    digest = sha256(asked.token.encode()).hexdigest()
    try:
        check_text(read_sent(asked.signature), digest, NAMESPACE, key=key)
    except BadSignature as error:
        raise unproved(error) from error
    return key


def _proved_job(ctx: Context, place: Place, shown: Shown) -> Job:
    """What the token says, once it is genuine. Before the transaction: its issuer may be asked."""
    ctx.stay_out_of_the_transaction()
    keys = ctx.ports[IssuerKeys].at(shown.issuer, shown.parts.kid, asked_by=place.id)
    if not keys:
        raise NotAccepted(Fault.NO_KEYS)
    try:
        check_signature(shown.text, shown.parts, keys, ALGORITHMS)
    except NotGenuine:
        raise NotAccepted(Fault.SIGNATURE) from None
    return job_of(shown.parts.claims, ctx.now.timestamp())


def _limit(ctx: Context, place: Place) -> None:
    if ctx.settings.ratelimit_enabled:
        name, now = f"ssh workloads:{place.id}", ctx.now.timestamp()
        count(ctx.runtime.store, name, LIMIT, now).refuse_if_over()


def _the_rule(rules: Sequence[WorkloadRule], job: Job, known: Known) -> WorkloadRule:
    """The one that is for this job: of several it has to be named."""
    heard = [rule for rule in rules if rule.audience == job.audience]
    if not heard:
        raise NotAccepted(Fault.AUDIENCE if rules else Fault.ISSUER)
    missed = {rule.id: unmatched(rule.claims, job.claims) for rule in heard}
    found = [rule for rule in heard if not missed[rule.id]]
    if len(found) > 1:
        told = [{"id": str(rule.id), "name": rule.name} for rule in found]
        raise WorkloadAmbiguous(rules=told)
    if not found:
        known.claims = missed[heard[0].id] if len(heard) == 1 else ()
        raise WorkloadNotMatched(subject=job.subject)
    known.rule_id = found[0].id
    return found[0]


def _use_up(ctx: Context, shown: Shown, job: Job) -> None:
    """Of many who show the same token, one gets a certificate: the index decides."""
    end = datetime.fromtimestamp(job.exp + SKEW, UTC) + KEPT_LONGER
    row = {"digest": shown.digest, "expires_at": end, "created_at": ctx.now}
    if not insert_unless_there(ctx.db, WorkloadToken, row):
        raise WorkloadTokenUsed


def _refuse_wrong(ctx: Context, place: Place, rule: WorkloadRule, key: PublicKey) -> None:
    """What may have changed since the rule was made, and keys that nobody may have certified."""
    least = policy_of_organization(ctx, place.id).min_rsa_bits
    if key.type == RSA and key.bits < least:
        raise KeyTooShort(min_bits=least)
    if is_revoked_key(ctx, place.id, key.fingerprint):
        raise KeyNotVerified(why="revoked")
    gone = sorted(set(rule.principals).difference(names_of(ctx, place.id)))
    if gone:
        raise UnauthorizedPrincipals(denied=gone)


def _order(ctx: Context, place: Place, rule: WorkloadRule, *, job: Job, key: PublicKey) -> Order:
    signer = get_signer_for_all(ctx, place.id, AuthorityKind.USER)
    certificate_id = uuid7()
    life = min(rule.ttl_seconds, LONGEST_TTL, signer.limits.max_seconds)
    now = ctx.now.replace(microsecond=0)
    sources = ",".join(rule.source_addresses)
    return Order(
        id=certificate_id,
        signer=signer,
        holder=Holder.WORKLOAD,
        holder_id=rule.id,
        key_id=key_id_of_workload(place.slug, rule.id, job.subject, certificate_id),
        subject=key.blob,
        fingerprint=key.fingerprint,
        principals=tuple(sorted(rule.principals)),
        valid_after=now - timedelta(seconds=signer.limits.backdate_seconds),
        valid_before=now + timedelta(seconds=life),
        critical_options={"source-address": sources} if sources else {},
        extensions=tuple(sorted(rule.extensions)),
        policy={
            "rule": rule.name,
            "issuer": rule.issuer,
            "subject": job.subject,
            "ttl_seconds": life,
            "limited_by": "rule" if life == rule.ttl_seconds else "authority",
        },
    )


@contextmanager
def _refusals_on_record(ctx: Context, known: Known) -> Iterator[None]:
    """Every certificate that was asked for and not signed is on record (R22), with what is wrong
    with a token, which the one who shows it does not hear.
    """
    try:
        yield
    except NotAccepted as error:
        _record(ctx, known, error.fault.value)
        raise InvalidWorkloadToken from error
    except GatehouseError as error:
        _record(ctx, known, error.type)
        raise


def _record(ctx: Context, known: Known, reason: str) -> None:
    event = WorkloadRefused(
        org_id=known.org_id,
        ssh_workload_id=known.rule_id,
        reason=reason,
        issuer=known.issuer,
        fingerprint=known.fingerprint,
        claims=known.claims,
    )
    record_attempt(ctx, event)
