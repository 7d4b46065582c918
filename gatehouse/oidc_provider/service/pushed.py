"""Pushed authorization requests (RFC 9126): kept for a minute, used up by the code."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from gatehouse.clients.errors import UnauthorizedClient
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, InvalidRequest
from gatehouse.core.tokens import hash_token, mint
from gatehouse.oidc_provider.errors import InvalidRequestUri, NotLedOn
from gatehouse.oidc_provider.models import RequestKind, StoredRequest
from gatehouse.oidc_provider.queries import find_kept
from gatehouse.oidc_provider.service.authorize import Refused, request_of
from gatehouse.oidc_provider.service.lines import log_dead_end
from gatehouse.oidc_provider.service.objects import open_object
from gatehouse.oidc_provider.service.proofs import proof_at_par

PUSHED = "gpr_"
URN = "urn:ietf:params:oauth:request_uri:"
PUSHED_LIFE = timedelta(seconds=60)
MOST_BYTES = 8 * 1024  # of what somebody pushes who proved nothing
# What proves the client is no part of the request, and is not kept.
PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def push(ctx: Context, call: Call, client: KnownClient) -> dict[str, Any]:
    """Check a request as the authorization endpoint would, and keep it. Raises OAuthError."""
    sent, several = _brought(ctx, call, client)
    if client.options.profile == "fapi2" and "redirect_uri" not in sent:
        raise InvalidRequest("The parameter redirect_uri is missing.")  # FAPI 2.0 5.3.2.2
    if jkt := proof_at_par(ctx, call, client):
        if sent.get("dpop_jkt", jkt) != jkt:
            raise InvalidRequest("The dpop_jkt is not that of the proof.")  # RFC 9449 10.1
        sent["dpop_jkt"] = jkt
    _check(ctx, client, sent, several)
    handle = mint(PUSHED)
    row = StoredRequest(
        handle_hash=hash_token(handle),
        kind=RequestKind.PUSHED,
        client_row_id=client.id,
        params={**sent, "several": several},
        created_at=ctx.now,
        expires_at=ctx.now + PUSHED_LIFE,
    )
    ctx.db.add(row)
    return {"request_uri": URN + handle, "expires_in": int(PUSHED_LIFE.total_seconds())}


def _brought(
    ctx: Context, call: Call, client: KnownClient
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The parameters, out of a request object if there is one (RFC 9126 3)."""
    sent = {name: value for name, value in call.sent.items() if name not in PROOFS}
    if "request_uri" in sent:
        raise InvalidRequest("A request_uri cannot be pushed.")  # RFC 9126 2.1
    if "request" in sent:
        return open_object(ctx, client, sent["request"])
    if client.options.require_signed_request_object:
        raise InvalidRequest("This client must sign its requests: the request is missing.")
    if client.options.is_public and len(str(sent)) + len(str(call.several)) > MOST_BYTES:
        raise InvalidRequest("The request is too large for a client without a proof.")
    return {**sent, "client_id": client.client_id}, call.several


def _check(
    ctx: Context,
    client: KnownClient,
    sent: dict[str, str],
    several: Mapping[str, Sequence[str]],
) -> None:
    if "authorization_code" not in client.options.grant_types:
        raise UnauthorizedClient
    try:
        request_of(ctx, sent, several)
    except NotLedOn as error:
        log_dead_end(ctx, error)
        raise InvalidRequest("The redirect_uri is missing, or not registered.") from None
    except Refused as refused:
        raise refused.error from None


def find_pushed(ctx: Context, client: KnownClient, uri: str) -> StoredRequest:
    """What this client pushed under a name, if it is not used up. Raises InvalidRequestUri."""
    found = find_kept(ctx, RequestKind.PUSHED, uri.removeprefix(URN), PUSHED)
    if found is None or found.client_row_id != client.id:
        raise InvalidRequestUri
    return found
