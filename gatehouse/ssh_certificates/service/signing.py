"""Certificates for people: who they are, what they may have, and the refusals in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from gatehouse.audit.service import record_attempt
from gatehouse.core.assurance import MFA
from gatehouse.core.context import Context
from gatehouse.core.errors import FactorMissing, GatehouseError, StepUpRequired
from gatehouse.locks.errors import UserLocked
from gatehouse.ssh_ca.errors import AuthorityNotConfigured
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.rules.key_ids import Holder as Kind
from gatehouse.ssh_ca.rules.key_ids import key_id_of
from gatehouse.ssh_ca.rules.policies import Merged, strictest
from gatehouse.ssh_ca.rules.principals import giving, narrowed
from gatehouse.ssh_ca.rules.refusals import Reason, Refused
from gatehouse.ssh_ca.rules.requests import Key, Request
from gatehouse.ssh_ca.rules.terms import Explanation, Terms, explain
from gatehouse.ssh_certificates import errors
from gatehouse.ssh_certificates.events import CertificateRefused
from gatehouse.ssh_certificates.queries import (
    Holder,
    Known,
    OwnKey,
    Signer,
    demands_on,
    get_certificate,
    get_known,
    hold_off_revocations,
    own_certificates,
)
from gatehouse.ssh_certificates.service.issuing import (
    Issued,
    Order,
    issue,
    sign_ahead,
    store_undisturbed,
)
from gatehouse.ssh_keys.errors import SshKeyNotFound

ERRORS: dict[Reason, type[GatehouseError]] = {
    Reason.KEY_NOT_VERIFIED: errors.KeyNotVerified,
    Reason.UNSUPPORTED_KEY_TYPE: errors.UnsupportedType,
    Reason.WEAK_KEY: errors.KeyTooShort,
    Reason.FIDO_KEY_REQUIRED: errors.FidoKeyRequired,
    Reason.INVALID_PRINCIPAL: errors.InvalidPrincipal,
    Reason.UNAUTHORIZED_PRINCIPALS: errors.UnauthorizedPrincipals,
    Reason.NO_PRINCIPALS: errors.NoPrincipals,
    Reason.POLICY_CONFLICT: errors.PolicyConflict,
    Reason.TTL_TOO_LONG: errors.TtlTooLong,
    Reason.INVALID_SOURCE_ADDRESS: errors.InvalidSourceAddress,
    Reason.SOURCE_ADDRESS_NOT_ALLOWED: errors.SourceAddressNotAllowed,
    Reason.EXTENSION_NOT_ALLOWED: errors.ExtensionNotAllowed,
    Reason.NAME_OF_A_HOST: errors.NameOfAHost,
}
FIDO = "sk-"  # begins the types of keys in hardware (PROTOCOL.u2f)
REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for. What is None was not asked for."""

    key_id: UUID | None = None
    principals: tuple[str, ...] | None = None
    ttl_seconds: int | None = None
    source_addresses: tuple[str, ...] | None = None
    extensions: tuple[str, ...] | None = None
    clamp: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish with all that decides it."""

    holder: Holder
    signer: Signer
    key: OwnKey
    request: Request
    told: Explanation


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be signed, or all that stands in its way."""

    key: OwnKey
    explanation: Explanation
    refusals: tuple[GatehouseError, ...]


def sign(ctx: Context, org_id: UUID, wish: Wish) -> Issued:
    """Sign a certificate for the caller.

    Raises what check_permission does, what this module's ERRORS name, NoAuthority, AuthorityClosed,
    UserLocked, SshKeyNotFound, NoVerifiedKeys, StepUpRequired, FactorMissing, SignerUnavailable.
    """
    known = get_known(ctx, org_id, wish.key_id)
    with refusals_on_record(ctx, org_id, wish):
        decided = _ordered(ctx, org_id, known, wish)
        # Signed outside of the transaction that stores it: nobody waits for the disk of others.
        ctx.leave_the_transaction()
        issued = store_undisturbed(ctx, sign_ahead(ctx, decided), known.epoch)
        if issued is not None:
            return issued
        # Something was revoked meanwhile, perhaps a right of the caller. Now nothing is any more.
        hold_off_revocations(ctx, org_id)
        known = get_known(ctx, org_id, wish.key_id)
        return issue(ctx, _ordered(ctx, org_id, known, wish))


def preview(ctx: Context, org_id: UUID, wish: Wish) -> Preview:
    """What `sign` would do, explained. Raises what it raises before anything is decided."""
    asked = _asked(ctx, org_id, get_known(ctx, org_id, wish.key_id), wish)
    return previewed(ctx, asked)


def previewed(ctx: Context, asked: Asked) -> Preview:
    """What came of a wish, for whoever asked."""
    refusals = tuple(_error_of(ctx, refused) for refused in asked.told.refusals)
    return Preview(asked.key, asked.told, refusals)


def refuse_revoked(ctx: Context, certificate_id: UUID) -> None:
    """Raises RevokedSince: what was signed for the caller is told again only while it counts, so
    that nobody who has lost the right to it hears of it.
    """
    row = get_certificate(ctx, own_certificates(ctx.user_id), certificate_id)
    if row.revoked_at is not None:
        event = CertificateRefused(
            org_id=row.org_id,
            user_id=ctx.user_id,
            kind=row.kind.value,
            reason=errors.RevokedSince.type,
            principals=tuple(row.principals.split()),
            fingerprint=row.fingerprint,
        )
        record_attempt(ctx, event)
        raise errors.RevokedSince


def demanded_of_caller(ctx: Context, org_id: UUID) -> Merged:
    """What holds for a certificate with all principals that the caller may use.

    Raises AuthorityNotConfigured, AuthorityClosed, UserLocked, NotFound.
    """
    known = get_known(ctx, org_id)
    if known.signer is None:
        raise AuthorityNotConfigured
    signer = signer_for(known)
    what = demands_on(ctx, org_id, known.holder)
    held = narrowed(what.granted, what.policies)
    holding = giving((one.name for one in held), held, what.policies)
    return strictest(holding, signer.limits)


def signer_for(known: Known) -> Signer:
    """What signs for them. Raises NoAuthority, AuthorityClosed, UserLocked."""
    if known.signer is None:
        raise errors.NoAuthority
    if known.is_closed:
        raise errors.AuthorityClosed
    if known.is_locked:
        raise UserLocked
    return known.signer


def key_and_request(ctx: Context, known: Known, wish: Wish) -> tuple[OwnKey, Request]:
    """For which key they ask, and how. Raises NoVerifiedKeys, SshKeyNotFound, KeyNotVerified."""
    key = known.key
    if key is None:
        raise errors.NoVerifiedKeys if wish.key_id is None else SshKeyNotFound
    if key.is_revoked:
        raise errors.KeyNotVerified(why=REVOKED)
    request = Request(
        key=Key(
            type=key.type,
            bits=key.bits,
            is_fido=key.type.startswith(FIDO),
            verified_at=key.verified_at,
            expires_at=key.expires_at,
            proved_with_pin=key.proved_with_pin,
        ),
        now=ctx.now,
        principals=wish.principals,
        ttl_seconds=wish.ttl_seconds,
        source_addresses=wish.source_addresses,
        extensions=wish.extensions,
        clamp=wish.clamp,
        ip=ctx.origin.ip,
        auth_time=ctx.actor.auth_time,
        mfa_time=known.holder.mfa_time,
    )
    return key, request


def _asked(ctx: Context, org_id: UUID, known: Known, wish: Wish) -> Asked:
    signer = signer_for(known)
    key, request = key_and_request(ctx, known, wish)
    what = demands_on(ctx, org_id, known.holder)
    told = explain(request, what.granted, what.policies, what.organization, signer.limits)
    return Asked(known.holder, signer, key, request, told)


def _ordered(ctx: Context, org_id: UUID, known: Known, wish: Wish) -> Order:
    return order_of(ctx, _asked(ctx, org_id, known, wish), wish)


def order_of(ctx: Context, asked: Asked, wish: Wish) -> Order:
    """What is to be signed. Raises what ERRORS name."""
    holder, terms, certificate_id = asked.holder, asked.told.terms, uuid7()
    if terms is None:
        raise _error_of(ctx, asked.told.refusals[0])
    return Order(
        id=certificate_id,
        signer=asked.signer,
        holder=Kind.USER,
        holder_id=holder.id,
        key_id=key_id_of(holder.org_slug, holder.id, holder.email, certificate_id),
        subject=asked.key.blob,
        fingerprint=asked.key.fingerprint,
        principals=terms.principals,
        valid_after=terms.valid_after,
        valid_before=terms.valid_before,
        critical_options=dict(terms.critical_options),
        extensions=terms.extensions,
        policy=_policy(terms),
        ssh_key_id=asked.key.id,
        reason=wish.reason,
        mfa_time=asked.request.mfa_time,
    )


def _policy(terms: Terms) -> dict[str, Any]:
    """What is kept of the rules that held."""
    return {
        "departments": list(terms.departments),
        "ttl_seconds": terms.ttl.seconds,
        "limited_by": terms.ttl.by.value,
    }


def _error_of(ctx: Context, refused: Refused) -> GatehouseError:
    if refused.reason is Reason.STEP_UP_REQUIRED:
        is_program = ctx.actor.client_row_id is not None
        error = FactorMissing if is_program else StepUpRequired
        return error(acr_values=MFA, **refused.details)
    return ERRORS[refused.reason](**refused.details)


@contextmanager
def refusals_on_record(
    ctx: Context, org_id: UUID, wish: Wish, kind: AuthorityKind = AuthorityKind.USER
) -> Iterator[None]:
    """Every certificate that was asked for and not signed is on record (R22)."""
    try:
        yield
    except GatehouseError as error:
        event = CertificateRefused(
            org_id=org_id,
            user_id=ctx.user_id,
            kind=kind.value,
            reason=error.type,
            principals=_legible(wish),
        )
        record_attempt(ctx, event)
        raise


def _legible(wish: Wish) -> tuple[str, ...]:
    """The principals that were asked for, as far as they are worth keeping."""
    return tuple(name[:64] for name in wish.principals or () if name.isprintable())[:20]
