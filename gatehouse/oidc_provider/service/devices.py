"""A device asks for a code that a person types elsewhere (RFC 8628 3.1, 3.2)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from uuid_utils.compat import uuid7

from gatehouse.clients.errors import UnauthorizedClient
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.headers import network_of
from gatehouse.core.protocol import Call
from gatehouse.core.rate_limit import count, parse
from gatehouse.core.tokens import hash_token, mint
from gatehouse.oidc_provider.models import DeviceRequest, DeviceStatus
from gatehouse.oidc_provider.rules.asked import scopes_of
from gatehouse.oidc_provider.rules.details import refuse_details
from gatehouse.oidc_provider.rules.devices import INTERVAL, LIFE, new_user_code, spoken
from gatehouse.oidc_provider.service.resources import check_resources
from gatehouse.oidc_provider.service.tokens import OFFLINE, issuer_of

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE = "gdc_"
KIND = "device"
LONGEST_AGENT = 255
DRAWS = 5  # of codes, of which each is taken already once in millions
# Anybody can ask for codes in the name of a public client: so many from one address.
ASKED = parse("30/minute;300/hour")


def begin_device(ctx: Context, call: Call, client: KnownClient) -> dict[str, Any]:
    """Keep a request, and give the codes of it (RFC 8628 3.2)."""
    if DEVICE_GRANT not in client.options.grant_types:
        raise UnauthorizedClient
    _limit(ctx, client)
    refuse_details(call.sent)
    options = client.options
    scopes = scopes_of(call.sent.get("scope"), options.scopes, options.default_scopes)
    resources = check_resources(ctx, client, call.several.get("resource", []))
    code = mint(DEVICE)
    values = {
        "kind": KIND,
        "code_hash": hash_token(code),
        "client_row_id": client.id,
        "params": {"scopes": list(scopes), "resources": list(resources)},
        "status": DeviceStatus.PENDING,
        "ip": ctx.origin.ip,
        "user_agent": (ctx.origin.user_agent or "")[:LONGEST_AGENT] or None,
        "interval": INTERVAL,
        "created_at": ctx.now,
        "expires_at": ctx.now + LIFE,
    }
    shown = spoken(_kept(ctx, values))
    page = f"{issuer_of(ctx.runtime)}/device"
    told = {
        "device_code": code,
        "user_code": shown,
        "verification_uri": page,
        "expires_in": int(LIFE.total_seconds()),
        "interval": INTERVAL,
    }
    if not is_to_be_typed(scopes, client):
        told["verification_uri_complete"] = f"{page}?{urlencode({'user_code': shown})}"
    return told


def is_to_be_typed(scopes: Sequence[str], client: KnownClient) -> bool:
    """Whether the person has to type the code: a link with it in it does not do (ruling 32)."""
    return OFFLINE in scopes or client.options.device_flow_confirm


def _kept(ctx: Context, values: dict[str, Any]) -> str:
    """Write the request down under a code that no other has that waits: the index decides."""
    for _ in range(DRAWS):
        user_code = new_user_code()
        row = {"id": uuid7(), "user_code": user_code, **values}
        if insert_unless_there(ctx.db, DeviceRequest, row):
            return user_code
    raise RuntimeError("Every code that was drawn is taken.")


def _limit(ctx: Context, client: KnownClient) -> None:
    if not client.options.is_public or not ctx.settings.ratelimit_enabled:
        return
    ctx.stay_out_of_the_transaction()
    name = f"device-begin:{network_of(ctx.origin.ip)}"
    count(ctx.runtime.store, name, ASKED, ctx.now.timestamp()).refuse_if_over()
