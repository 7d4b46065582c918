"""Whom a program calls the REST API for, with an access token in place of a session."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gatehouse.clients.queries import find_client
from gatehouse.clients.rules import API_SCOPE, api_of
from gatehouse.clients.service import note_use
from gatehouse.core import errors
from gatehouse.core.context import Actor, Context
from gatehouse.core.protocol import Call, OAuthError
from gatehouse.oidc_provider.errors import InvalidToken
from gatehouse.oidc_provider.service.proofs import binding_with_token, challenge_of, check_binding
from gatehouse.oidc_provider.service.tokens import read_access_token


def caller_of(ctx: Context, environ: dict[str, Any], scheme: str, token: str) -> Actor:
    """The TokenAuthenticator port. What is wrong is said in the words of the API, and in the
    challenge that userinfo has (RFC 6750 3, RFC 9449 7.1).
    """
    call = Call(environ["REQUEST_METHOD"], environ)
    try:
        return _caller(ctx, call, scheme, token)
    except OAuthError as error:
        raise errors.InvalidToken(str(error), challenge=challenge_of(error, scheme)) from None
    finally:
        environ["gatehouse.headers"] += call.headers  # The next nonce, with every answer.


def _caller(ctx: Context, call: Call, scheme: str, token: str) -> Actor:
    """The person, if the token is for the API and for nothing else, and whoever shows it has the
    key or the certificate that it is bound to.

    Only the client that is built in gets such tokens, and nothing can be exchanged for one: both
    are looked at again.
    """
    binding = binding_with_token(ctx, call, scheme, token)
    shown = read_access_token(ctx.runtime, token, ctx.now)
    if shown is None or shown.standing is None:
        raise InvalidToken
    check_binding(shown, binding)
    claims, standing = shown.claims, shown.standing
    is_for_us = list(shown.audience) == [api_of(ctx.settings.app_url)]
    if not is_for_us or API_SCOPE not in shown.scopes or "act" in claims:
        raise InvalidToken
    client = find_client(ctx.runtime, str(claims["client_id"]))
    if client is None or not client.is_usable or not client.is_built_in:
        raise InvalidToken
    if client.id != standing.client_row_id:
        raise InvalidToken
    note_use(ctx, client.id, "api")
    proved_at = claims.get("auth_time")
    return Actor(
        kind="user",
        user_id=standing.user_id,
        session_id=standing.session_id,
        auth_time=datetime.fromtimestamp(proved_at, UTC) if proved_at else None,
        amr=tuple(claims.get("amr", ())),
        client_row_id=client.id,
        family_id=UUID(claims["fid"]) if "fid" in claims else None,
    )
