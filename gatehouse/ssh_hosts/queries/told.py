"""What hosts are told: their certificates, what they believe, and whom they let in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from gatehouse.core.context import Context
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_certificates.models import Certificate
from gatehouse.ssh_certificates.queries import Published, bundle
from gatehouse.ssh_hosts.models import Host, HostKey
from gatehouse.ssh_hosts.queries.hosts import names_of
from gatehouse.ssh_hosts.queries.known import keys_of
from gatehouse.ssh_hosts.queries.trust import trust_of
from gatehouse.ssh_hosts.rules.proofs import NAMESPACE, HostChallenge
from gatehouse.ssh_hosts.rules.snippets import certificate_path, install_script, sshd_config

OF_CERTIFICATE = ("serial", "key_id", "fingerprint", "valid_after", "valid_before", "certificate")


def challenge_told(
    host_id: UUID, challenge: HostChallenge, nonce: str | None = None
) -> dict[str, Any]:
    return {
        "host_id": host_id,
        "challenge_text": challenge.text,
        "namespace": NAMESPACE,
        "expires_at": challenge.expires_at,
        "nonce": nonce,
    }


def enrolled_told(
    ctx: Context, host: Host, slug: str, certificates: Sequence[Certificate], credential: str
) -> dict[str, Any]:
    """All that a host needs to begin with."""
    types = sorted({key.type for key in keys_of(ctx, host.id)})
    paths = [certificate_path(each) for each in types]
    return {
        **renewed_told(host, certificates),
        **_trust_told(ctx, host, slug),
        "credential": credential,
        "sshd_config": sshd_config(slug, ctx.settings.app_url, paths),
    }


def renewed_told(host: Host, certificates: Sequence[Certificate]) -> dict[str, Any]:
    told = [
        {"cert_id": row.id, **{name: getattr(row, name) for name in OF_CERTIFICATE}}
        for row in certificates
    ]
    return {"host_id": host.id, "certificates": told, "renew_from": host.due_at}


def sync_told(ctx: Context, host: Host, slug: str) -> dict[str, Any]:
    """All that may have changed. Nothing in it changes by itself but what is due."""
    told = _trust_told(ctx, host, slug)
    return {
        "host_id": host.id,
        **told,
        "expires_at": host.expires_at,
        "renewal_due": _is_due(ctx, host, told["names"]),
    }


def snippet_told(ctx: Context, place: Published) -> str:
    """Raises AuthorityNotConfigured."""
    bundle(ctx, place, AuthorityKind.USER)
    return sshd_config(place.slug, ctx.settings.app_url)


def script_told(ctx: Context, place: Published) -> str:
    """Raises AuthorityNotConfigured."""
    bundle(ctx, place, AuthorityKind.USER)
    return install_script(
        org=place.slug,
        server=ctx.settings.app_url,
        files_url=_files_url(ctx, str(place.id)),  # A slug may be another's by then.
        user_keys=trust_of(ctx, place.id).user_keys,
    )


def _trust_told(ctx: Context, host: Host, slug: str) -> dict[str, Any]:
    trust = trust_of(ctx, host.org_id)
    return {
        "organization_id": host.org_id,
        "organization": slug,
        "names": list(names_of(ctx, host.id)),
        "principals": host.accounts,
        "bundle": trust.bundle,
        "user_ca": trust.user_keys,
        "host_ca": trust.host_keys,
        "krl_version": trust.krl_version,
        "krl_url": f"{_files_url(ctx, str(host.org_id))}/krl",
        "krl_signer": trust.signer,
    }


def _is_due(ctx: Context, host: Host, names: Sequence[str]) -> bool:
    """Whether little is left, or what it has was revoked, or is for other names."""
    if host.revoked_at is not None or host.suspended_at is not None or host.due_at is None:
        return False
    # Keys of before it was revoked get no other certificate: it is due for none.
    good = HostKey.host_id == host.id, HostKey.revoked_at.is_(None)
    ids = select(HostKey.certificate_id).where(*good)
    other = Certificate.principals != f" {' '.join(names)} "
    stale = select(Certificate.id).where(
        Certificate.id.in_(ids), or_(Certificate.revoked_at.is_not(None), other)
    )
    return host.due_at <= ctx.now or ctx.db.scalar(stale.limit(1)) is not None


def _files_url(ctx: Context, org: str) -> str:
    return f"{ctx.settings.app_url}/api/v1/ssh/orgs/{org}"
