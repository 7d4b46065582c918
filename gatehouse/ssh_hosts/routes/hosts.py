"""HTTP for hosts themselves: they prove who they are by a token, a key or their credential."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.http import (
    Api,
    There,
    body,
    query,
    raises,
    recorded,
    returns,
    shown_token,
    with_tag,
)
from gatehouse.core.rate_limit import limited
from gatehouse.ssh_ca.errors import SignerUnavailable
from gatehouse.ssh_certificates.errors import NoAuthority
from gatehouse.ssh_hosts import queries, service
from gatehouse.ssh_hosts.errors import (
    HostChallengeExpired,
    HostChallengeUsed,
    HostKeyRefused,
    HostKeyTaken,
    HostKeyUnsupported,
    HostKeyWeak,
    HostNotKnown,
    HostProofFailed,
    HostRefused,
    InvalidEnrolToken,
)
from gatehouse.ssh_hosts.schemas import (
    HostEnrolledOut,
    HostEnrolmentIn,
    HostRenewalIn,
    HostRenewedOut,
    HostSyncOut,
    HostSyncQuery,
)

api = Api("ssh_hosts_themselves", at="/ssh/hosts", about="For machines that have an account here.")


@api.post("/enroll")
@public
@limited("30/minute", per="address")
@body(HostEnrolmentIn)
@returns(HostEnrolledOut, HTTPStatus.CREATED, or_there=True)
@raises(
    InvalidEnrolToken,
    HostRefused,
    HostKeyRefused,
    HostKeyUnsupported,
    HostKeyWeak,
    HostKeyTaken,
    HostProofFailed,
    NoAuthority,
    SignerUnavailable,
)
def enroll_host(
    ctx: Context,
    *,
    token: str,
    host_public_keys: list[str] | None = None,
    signatures: list[str] | None = None,
) -> dict[str, Any] | There:
    """Enrol a host: with its token, first for what its keys have to sign, then with that (201)."""
    if host_public_keys is None or signatures is None:
        host, challenge = service.ask_to_enrol(ctx, token)
        return There({"challenge": queries.challenge_told(host.id, challenge), "enrolled": None})
    done = service.enrol(ctx, token, host_public_keys, signatures)
    got = done.certified
    told = queries.enrolled_told(ctx, got.host, got.slug, got.certificates, done.credential)
    return {"challenge": None, "enrolled": told}


@api.post("/renew")
@public
@limited("60/minute", per="address")
@body(HostRenewalIn)
@returns(HostRenewedOut, HTTPStatus.CREATED, or_there=True)
@raises(
    HostChallengeExpired,
    HostChallengeUsed,
    HostProofFailed,
    HostNotKnown,
    HostRefused,
    NoAuthority,
    SignerUnavailable,
)
def renew_host(
    ctx: Context, *, host_id: UUID, nonce: str | None = None, signature: str | None = None
) -> dict[str, Any] | There:
    """Renew a host's certificates: first for what one of its keys has to sign, then with that."""
    if nonce is None or signature is None:
        asked = service.ask_to_renew(ctx, host_id)
        told = queries.challenge_told(host_id, asked.challenge, asked.text)
        return There({"challenge": told, "renewed": None})
    done = service.renew(ctx, host_id, nonce, signature)
    return {"challenge": None, "renewed": queries.renewed_told(done.host, done.certificates)}


@api.get("/<uuid:host_id>/sync")
@public
@recorded
@limited("600/minute", per="address")
@query(HostSyncQuery)
@with_tag
@returns(HostSyncOut)
@raises(HostNotKnown)
def sync_host(
    ctx: Context, host_id: UUID, *, krl_version: int | None, bundle: str | None
) -> dict[str, Any]:
    """What a host shall have in place, for its credential as ``Bearer``."""
    host, slug = service.known_host(ctx, host_id, shown_token())
    service.note_seen(ctx, host, krl=krl_version, bundle=bundle)
    return queries.sync_told(ctx, host, slug)
