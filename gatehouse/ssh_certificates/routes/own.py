"""HTTP for one's own certificates."""

from typing import Any
from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_certificates import queries, service
from gatehouse.ssh_certificates.errors import AlreadyRevoked, CertificateNotFound, CertificateOver
from gatehouse.ssh_certificates.queries import Filters, own_certificates
from gatehouse.ssh_certificates.rules import CertificateState
from gatehouse.ssh_certificates.schemas import (
    CertificateOut,
    CertificatesQuery,
    RevocationIn,
    RevokedOut,
    WholeCertificateOut,
)

api = Api("ssh_certificates", at="/ssh/certificates", about="Your SSH certificates.")


@api.get()
@signed_in
@query(CertificatesQuery)
@returns(CertificateOut, key="certificates", paged=True)
def list_certificates(
    ctx: Context,
    *,
    organization_id: UUID | None,
    serial: int | None,
    kind: AuthorityKind | None,
    state: CertificateState | None,
    page: int,
    per_page: int,
    cursor: UUID | None,
) -> Page[dict[str, Any]]:
    """List the certificates that were signed for you, the newest first."""
    own = own_certificates(ctx.user_id, organization_id)
    filters = Filters(serial=serial, kind=kind, state=state)
    return queries.page_of_certificates(
        ctx, own, filters, page=page, per_page=per_page, cursor=cursor
    )


@api.get("/<uuid:certificate_id>")
@signed_in
@returns(WholeCertificateOut)
@raises(CertificateNotFound)
def read_certificate(ctx: Context, certificate_id: UUID) -> dict[str, Any]:
    """Read one of your certificates, with its text."""
    row = queries.get_certificate(ctx, own_certificates(ctx.user_id), certificate_id)
    return queries.told(ctx, row)


@api.post("/<uuid:certificate_id>/revoke")
@signed_in
@body(RevocationIn)
@returns(RevokedOut)
@raises(CertificateNotFound, AlreadyRevoked, CertificateOver)
def revoke_certificate(ctx: Context, certificate_id: UUID, *, reason: str | None) -> dict[str, Any]:
    """Revoke a certificate of yours, or, as an admin, of your organization: machines refuse it once
    they have fetched the list.
    """
    reach = queries.certificates_to_revoke(ctx, certificate_id)
    row, version = service.revoke_one(ctx, reach, certificate_id, reason=reason)
    return {"status": "revoked", "cert_id": row.id, "reason": reason, "krl_version": version}
