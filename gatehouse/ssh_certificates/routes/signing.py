"""HTTP for asking for a certificate."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import check_permission, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import (
    OF_AN_ORGANIZATION,
    FactorMissing,
    GatehouseError,
    StepUpRequired,
)
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.core.rate_limit import limited
from gatehouse.ssh_ca.errors import OrganizationRequired, SignerUnavailable
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.queries import only_organization
from gatehouse.ssh_certificates import errors, queries, service
from gatehouse.ssh_certificates.schemas import (
    CertificatePreviewOut,
    CertificateWish,
    SignedCertificateOut,
)
from gatehouse.ssh_certificates.service import Wish
from gatehouse.ssh_certificates.service.signing import ERRORS, Preview
from gatehouse.ssh_keys.errors import SshKeyNotFound

api = Api("ssh_signing", at="/ssh", about="Short-lived SSH certificates.")

ANY: tuple[type[GatehouseError], ...] = (
    *(OrganizationRequired, SshKeyNotFound, *OF_AN_ORGANIZATION, errors.NoAuthority),
    *(errors.AuthorityClosed, errors.UserLocked, errors.NoVerifiedKeys, errors.KeyNotVerified),
)
REFUSALS: tuple[type[GatehouseError], ...] = (
    *(*ANY, *ERRORS.values(), errors.AuthorityKeyCertified),
    *(StepUpRequired, FactorMissing, SignerUnavailable),
)
LIMIT = "ssh_sign"


@api.post("/sign")
@signed_in
@limited(LIMIT, per="user")
@body(CertificateWish)
@returns(SignedCertificateOut, HTTPStatus.CREATED)
@raises(*REFUSALS)
def sign_certificate(ctx: Context, *, organization_id: UUID | None, **wish: Any) -> dict[str, Any]:
    """Sign a certificate for one of your keys, with the principals that you may use now."""
    org_id = _organization(ctx, organization_id)
    issued = service.sign(ctx, org_id, Wish(**wish))
    return queries.told(ctx, issued.certificate)


@api.post("/certificates/request")
@signed_in
@limited(LIMIT, per="user")
@body(CertificateWish)
@returns(SignedCertificateOut, HTTPStatus.CREATED)
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
    ctx: Context, *, organization_id: UUID | None, **wish: Any
) -> dict[str, Any]:
    """Say what would be signed and why, or all that stands in its way. Nothing is signed."""
    org_id = _organization(ctx, organization_id)
    return _told(ctx, service.preview(ctx, org_id, Wish(**wish)))


def _organization(ctx: Context, organization_id: UUID | None) -> UUID:
    """The one that is meant, where the caller may use its authorities."""
    org_id = organization_id or only_organization(ctx)
    check_permission(ctx, org_id, AuthorityPermissions.USE)
    return org_id


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
