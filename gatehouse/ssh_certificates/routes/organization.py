"""HTTP for the certificates of an organization."""

from typing import Any
from uuid import UUID

from gatehouse.core.access import check_permission, elevated, requires
from gatehouse.core.context import Context
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.http import Api, body, query, raises, returns, streams
from gatehouse.core.pagination import Page, Window
from gatehouse.core.rate_limit import limited
from gatehouse.core.streaming import Stream
from gatehouse.ssh_certificates import queries, service
from gatehouse.ssh_certificates.errors import (
    AlreadyRevoked,
    CertificateNotFound,
    CertificateOver,
    KeyAlreadyRevoked,
    KeyOfAnAuthority,
    RevokedKeyNotFound,
)
from gatehouse.ssh_certificates.permissions import CertificatePermission
from gatehouse.ssh_certificates.queries import Filters, certificates_of
from gatehouse.ssh_certificates.schemas import (
    FORMATS,
    CertificateExportQuery,
    CertificateOut,
    OrganizationCertificatesQuery,
    RevocationIn,
    RevocationsIn,
    RevocationsOut,
    RevokedOut,
    RevokedSshKeyOut,
    WholeCertificateOut,
)
from gatehouse.ssh_certificates.service import Which

AT_ONCE = 1000  # certificates in a piece of an export

api = Api(
    "ssh_organization_certificates",
    at="/organizations/<uuid:org_id>/certificates",
    about="The SSH certificates that an organization's authorities have signed.",
)
keys = Api(
    "ssh_revoked_keys",
    at="/organizations/<uuid:org_id>/ssh/revoked-keys",
    about="SSH keys that an organization believes no more.",
)


@api.get()
@requires(CertificatePermission.READ)
@query(OrganizationCertificatesQuery)
@returns(CertificateOut, key="certificates", paged=True)
def list_certificates_of_organization(
    ctx: Context, org_id: UUID, *, page: int, per_page: int, cursor: UUID | None, **filters: Any
) -> Page[dict[str, Any]]:
    """List what was signed, the newest first: for people, hosts and workloads."""
    reach, chosen = certificates_of(org_id), Filters(**filters)
    return queries.page_of_certificates(
        ctx, reach, chosen, page=page, per_page=per_page, cursor=cursor
    )


@api.get("/export")
@requires(CertificatePermission.READ)
@elevated
@limited("10/minute;60/hour", per="user")
@query(CertificateExportQuery, strict=True)
@streams("text/csv", "application/x-ndjson")
def export_certificates(ctx: Context, org_id: UUID, *, file_format: str, **filters: Any) -> Stream:
    """Export what was signed, the newest first, as CSV or JSON Lines. It is on record itself."""
    chosen = Filters(**filters)
    service.record_export(ctx, org_id, file_format=file_format, filters=chosen)
    content_type, written, broken = FORMATS[file_format]

    def read(later: Context, mark: UUID | None) -> tuple[bytes, UUID | None]:
        check_permission(later, org_id, CertificatePermission.READ)
        rows = queries.read_batch(later, org_id, chosen, cursor=mark, most=AT_ONCE)
        has_more = len(rows) == AT_ONCE
        return written(rows, is_first=mark is None), rows[-1]["id"] if has_more else None

    name = f"certificates-{org_id}-{ctx.now:%Y%m%dT%H%M%SZ}.{file_format}"
    return Stream(content_type, name, read, broken)


@api.get("/<uuid:certificate_id>")
@requires(CertificatePermission.READ)
@returns(WholeCertificateOut)
@raises(CertificateNotFound)
def read_certificate_of_organization(
    ctx: Context, org_id: UUID, certificate_id: UUID
) -> dict[str, Any]:
    """Read a certificate, with its text."""
    row = queries.get_certificate(ctx, certificates_of(org_id), certificate_id)
    return queries.told(ctx, row)


@api.post("/<uuid:certificate_id>/revoke")
@requires(CertificatePermission.REVOKE)
@body(RevocationIn)
@returns(RevokedOut)
@raises(CertificateNotFound, AlreadyRevoked, CertificateOver)
def revoke_certificate_of_organization(
    ctx: Context, org_id: UUID, certificate_id: UUID, *, reason: str | None
) -> dict[str, Any]:
    """Revoke one certificate."""
    reach = certificates_of(org_id)
    row, version = service.revoke_one(ctx, reach, certificate_id, reason=reason)
    return {"status": "revoked", "cert_id": row.id, "reason": reason, "krl_version": version}


@api.post("/revoke")
@requires(CertificatePermission.REVOKE)
@elevated
@body(RevocationsIn)
@returns(RevocationsOut)
@raises(StepUpRequired, KeyAlreadyRevoked, KeyOfAnAuthority)
def revoke_certificates(
    ctx: Context, org_id: UUID, *, reason: str | None, **which: Any
) -> dict[str, Any]:
    """Revoke all that have something in common: their holder, key, principal, time or signer."""
    done = service.revoke_many(ctx, org_id, Which(**which), reason=reason)
    return {"revoked": done.count, "krl_version": done.krl_version}


@keys.get()
@requires(CertificatePermission.READ)
@query(Window)
@returns(RevokedSshKeyOut, key="revoked_keys", paged=True)
def list_revoked_keys(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[Any]:
    """List the keys that are in no new certificate, and that machines refuse."""
    return queries.page_of_revoked_keys(ctx, org_id, page=page, per_page=per_page)


@keys.delete("/<uuid:revoked_key_id>")
@requires(CertificatePermission.REVOKE)
@elevated
@returns(None)
@raises(StepUpRequired, RevokedKeyNotFound)
def pardon_key(ctx: Context, org_id: UUID, revoked_key_id: UUID) -> None:
    """Let a key into certificates again. What was revoked stays so."""
    service.pardon_key(ctx, org_id, revoked_key_id)
