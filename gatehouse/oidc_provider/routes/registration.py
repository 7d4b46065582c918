"""Where programs register themselves as clients, if an operator lets them (OIDC_REGISTRATION)."""

from typing import Any

import orjson

from gatehouse.core.context import Context
from gatehouse.core.http import JSON, limit_the_address
from gatehouse.core.json_body import name_sent_twice
from gatehouse.core.protocol import Call, Endpoints, Reply
from gatehouse.oidc_provider.errors import InvalidClientMetadata, InvalidToken
from gatehouse.oidc_provider.service import registration as service

registration = Endpoints("registration")
LIMIT = ("registration", "address")


@registration.post("/oidc/register", takes=JSON)
def register(ctx: Context, call: Call) -> Reply:
    """Register a client (RFC 7591 3)."""
    service.refuse_where_it_is_off(ctx)
    token = _token(call)
    if token is None:
        limit_the_address(LIMIT, ctx.runtime, dict(call.environ))
    try:
        return Reply(service.register(ctx, token, _object(call)), 201)
    except InvalidToken as error:
        raise _challenged(error, token) from None


@registration.any("/oidc/register/<client_id>", "GET", "PUT", "DELETE", takes=JSON)
def look_after_registration(ctx: Context, call: Call, client_id: str) -> Reply:
    """Read, replace and end a registration (RFC 7592 2)."""
    service.refuse_where_it_is_off(ctx)
    token = _token(call)
    try:
        if call.method == "PUT":
            service.refuse_strangers(ctx, client_id, token)
            return Reply(service.replace(ctx, client_id, token, _object(call)))
        if call.method == "DELETE":
            service.unregister(ctx, client_id, token)
            return Reply(None, 204)
        return Reply(service.read(ctx, client_id, token))
    except InvalidToken as error:
        raise _challenged(error, token) from None


def _token(call: Call) -> str | None:
    """The token of the Authorization header (RFC 6750 2.1), and of no other place."""
    header = call.header("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _object(call: Call) -> dict[str, Any]:
    try:
        found = orjson.loads(call.raw)
    except orjson.JSONDecodeError:
        raise InvalidClientMetadata("Send a JSON object.") from None
    if not isinstance(found, dict):
        raise InvalidClientMetadata("Send a JSON object.")
    if (name := name_sent_twice(call.raw)) is not None:
        raise InvalidClientMetadata(f"{name}: Stands there twice. Send each name once.")
    return found


def _challenged(error: InvalidToken, token: str | None) -> InvalidToken:
    """Whoever showed nothing is told only that something is to be shown (RFC 6750 3.1)."""
    says = f', error="invalid_token", error_description="{error.description}"'
    told = "" if token is None else says
    error.headers.append(("WWW-Authenticate", f'Bearer realm="gatehouse"{told}'))
    return error
