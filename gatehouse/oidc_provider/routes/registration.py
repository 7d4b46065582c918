"""Where programs register themselves as clients, if an operator lets them (OIDC_REGISTRATION)."""

from http import HTTPStatus
from typing import Any

import orjson

from gatehouse.clients.service.registering import INITIAL
from gatehouse.core.answering import JSON, refusals_on_record
from gatehouse.core.callers import limit_the_address, recognise
from gatehouse.core.context import Actor, Context
from gatehouse.core.errors import Forbidden, NotFound, Unauthenticated
from gatehouse.core.json_body import name_sent_twice
from gatehouse.core.json_text import DEEPEST, read_json
from gatehouse.core.protocol import Call, Endpoints, Reply
from gatehouse.oidc_provider.errors import AccessDenied, InvalidClientMetadata, InvalidToken
from gatehouse.oidc_provider.service import registration as service

registration = Endpoints("registration")
LIMIT = ("registration", "address")
OF_A_PERSON = "300/hour"  # as at POST /organizations/{id}/clients
NOT_A_MANAGER = "Only owners and admins of the organization register clients for it."
OR_INITIAL = "Or send an initial access token: it begins with gia_."
NO_OBJECT = f"Send a JSON object, at most {DEEPEST} levels deep."


@registration.post("/oidc/register", takes=JSON)
def register(ctx: Context, call: Call) -> Reply:
    """Register a client (RFC 7591 3)."""
    service.refuse_where_it_is_off(ctx)
    token = _token(call)
    if token is None:
        limit_the_address(LIMIT, ctx.runtime, call.environ)
    elif not token.startswith(INITIAL):
        ctx.actor, token = _person(ctx, call), None
    sent = _object(call)
    try:
        org_id = service.organization_of(sent)
        with refusals_on_record(ctx, org_id, call.environ["gatehouse.route"]):
            return Reply(service.register(ctx, token, sent), 201)
    except InvalidToken as error:
        raise _challenged(error, token) from None
    except (Forbidden, NotFound) as error:
        # To strangers an organization is as if it were not there, so both hear the same.
        is_about_roles = isinstance(error, NotFound) or type(error) is Forbidden
        says = NOT_A_MANAGER if is_about_roles else str(error)
        raise AccessDenied(says, status=HTTPStatus.FORBIDDEN) from None


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


def _person(ctx: Context, call: Call) -> Actor:
    """Whoever calls with the token of a session, or an access token for the REST API."""
    try:
        return recognise(ctx.runtime, call.environ, rules=OF_A_PERSON).actor
    except Unauthenticated as error:
        refused = InvalidToken(f"{error} {OR_INITIAL}")
        refused.headers = error.headers
        raise refused from None


def _token(call: Call) -> str | None:
    """The token of the Authorization header (RFC 6750 2.1), and of no other place."""
    header = call.header("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _object(call: Call) -> dict[str, Any]:
    try:
        found = read_json(call.raw)
    except orjson.JSONDecodeError:
        raise InvalidClientMetadata(NO_OBJECT) from None
    if not isinstance(found, dict):
        raise InvalidClientMetadata(NO_OBJECT)
    if (name := name_sent_twice(call.raw)) is not None:
        raise InvalidClientMetadata(f"{name}: Stands there twice. Send each name once.")
    return found


def _challenged(error: InvalidToken, token: str | None) -> InvalidToken:
    """Whoever showed nothing is told only that something is to be shown (RFC 6750 3.1)."""
    says = f', error="invalid_token", error_description="{error.description}"'
    told = "" if token is None else says
    error.headers.append(("WWW-Authenticate", f'Bearer realm="gatehouse"{told}'))
    return error
