"""HTTP for asking for a certificate."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import (
    OF_AN_ORGANIZATION,
    FactorMissing,
    GatehouseError,
    ProofTooOld,
    ReauthenticationRequired,
    StepUpRequired,
)
from gatehouse.core.http import Api, body, query, raises, returns, told_again_if
from gatehouse.core.rate_limit import limited
from gatehouse.locks.errors import UserLocked
from gatehouse.ssh_ca.errors import AuthorityNotConfigured, OrganizationRequired, SignerUnavailable
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.queries import only_organization
from gatehouse.ssh_certificates import errors, queries, service
from gatehouse.ssh_certificates.schemas import (
    CertificatePreviewOut,
    CertificateWish,
    CertPolicyQuery,
    DemandedOut,
    SignedCertificateOut,
)
from gatehouse.ssh_certificates.service import Wish
from gatehouse.ssh_certificates.service.signing import ERRORS, Preview
from gatehouse.ssh_keys.errors import SshKeyNotFound

api = Api("ssh_signing", at="/ssh", about="Short-lived SSH certificates.")

ANY: tuple[type[GatehouseError], ...] = (
    *(OrganizationRequired, SshKeyNotFound, *OF_AN_ORGANIZATION, errors.NoAuthority),
    *(errors.AuthorityClosed, UserLocked, errors.NoVerifiedKeys, errors.KeyNotVerified),
)
REFUSALS: tuple[type[GatehouseError], ...] = (
    *(*ANY, *ERRORS.values(), errors.AuthorityKeyCertified, errors.RevokedSince),
    *(StepUpRequired, FactorMissing, ReauthenticationRequired, ProofTooOld, SignerUnavailable),
)
HOUR = 3600
LIMIT = "ssh_sign"


def _counts(ctx: Context, told: dict[str, Any]) -> None:
    service.refuse_revoked(ctx, UUID(told["id"]))


@api.post("/sign")
@signed_in
@limited(LIMIT, per="user")
@body(CertificateWish)
@returns(SignedCertificateOut, HTTPStatus.CREATED)
@told_again_if(_counts)
@raises(*REFUSALS)
def sign_certificate(
    ctx: Context, *, organization_id: UUID | None, cert_type: AuthorityKind, **wish: Any
) -> dict[str, Any]:
    """Sign a certificate for one of your keys: for yourself, or, as an admin, for a host."""
    ctx.look()
    org_id = _organization(ctx, organization_id)
    sign = service.sign if cert_type is AuthorityKind.USER else service.sign_for_host
    issued = sign(ctx, org_id, Wish(**wish))
    return queries.told(ctx, issued.certificate, issued.ca_fingerprint)


@api.post("/certificates/request")
@signed_in
@limited(LIMIT, per="user")
@body(CertificateWish)
@returns(SignedCertificateOut, HTTPStatus.CREATED)
@told_again_if(_counts)
@raises(*REFUSALS)
def request_certificate(ctx: Context, **wish: Any) -> dict[str, Any]:
    """The same at its other address."""
    return sign_certificate(ctx, **wish)


@api.post("/sign/preview")
@signed_in
@limited("60/minute", per="user")
@body(CertificateWish)
@returns(CertificatePreviewOut)
@raises(*ANY)
def preview_certificate(
    ctx: Context, *, organization_id: UUID | None, cert_type: AuthorityKind, **wish: Any
) -> dict[str, Any]:
    """Say what would be signed and why, or all that stands in its way. Nothing is signed."""
    org_id = _organization(ctx, organization_id)
    preview = service.preview if cert_type is AuthorityKind.USER else service.preview_for_host
    return _told(ctx, preview(ctx, org_id, Wish(**wish)))


lane = (sign_certificate, request_certificate)


@api.get("/dept-cert-policy")
@signed_in
@query(CertPolicyQuery)
@returns(DemandedOut, key="policy")
@raises(OrganizationRequired, *OF_AN_ORGANIZATION)
@raises(AuthorityNotConfigured, errors.AuthorityClosed, UserLocked)
def read_own_cert_policy(ctx: Context, *, organization_id: UUID | None) -> dict[str, Any]:
    """Read what your departments demand together of a certificate with all of your principals."""
    org_id = _organization(ctx, organization_id)
    merged = service.demanded_of_caller(ctx, org_id)
    return {
        "allow_user_expiry": merged.longest.seconds > merged.default.seconds,
        "default_seconds": merged.default.seconds,
        "max_seconds": merged.longest.seconds,
        "default_expiry_hours": merged.default.seconds / HOUR,
        "max_expiry_hours": merged.longest.seconds / HOUR,
        "extensions": sorted(merged.extensions),
        "source_cidrs": None if merged.networks is None else list(map(str, merged.networks)),
        "pin_source_ip": merged.pin_source_ip,
        "force_command": merged.force_command,
        "require_fido": merged.require_fido,
        "require_pin": merged.require_pin,
        "mfa_max_age": merged.mfa_max_age,
        "departments": merged.departments,
    }


def _organization(ctx: Context, organization_id: UUID | None) -> UUID:
    """The one that is meant. What the caller may do there is another question."""
    return organization_id or only_organization(ctx)


def _told(ctx: Context, found: Preview) -> dict[str, Any]:
    told = found.explanation
    return {
        "allowed": not found.refusals,
        "refusals": found.refusals,
        "principals": told.principals,
        "ttl_seconds": told.ttl and told.ttl.seconds,
        "limited_by": told.ttl and told.ttl.by.value,
        "limiting_department": (told.ttl and told.ttl.department) or None,
        "longest_seconds": told.longest and told.longest.seconds,
        "extensions": told.extensions,
        "critical_options": told.critical_options,
        "policy": told.departments,
        "mfa_max_age": told.mfa_max_age,
        "ssh_key_id": found.key.id,
        "fingerprint": found.key.fingerprint,
        "ip": ctx.origin.ip,
    }
