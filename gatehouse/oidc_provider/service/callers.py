"""Whom a program calls the REST API for, with an access token in place of a session."""

from datetime import UTC, datetime
from uuid import UUID

from gatehouse.clients.queries import find_client
from gatehouse.clients.rules import API_SCOPE, api_of
from gatehouse.core.context import Actor, Runtime
from gatehouse.oidc_provider.service.tokens import read_access_token


def caller_of(runtime: Runtime, token: str, now: datetime) -> Actor | None:
    """The TokenAuthenticator port: the person, if the token is for the API and for nothing else.

    Only the client that is built in gets such tokens, and nothing can be exchanged for one: both
    are looked at again. Of a token that needs a proof there is none here.
    """
    shown = read_access_token(runtime, token, now)
    if shown is None or shown.standing is None:
        return None
    claims, standing = shown.claims, shown.standing
    is_for_us = list(shown.audience) == [api_of(runtime.settings.app_url)]
    if not is_for_us or API_SCOPE not in shown.scopes or "cnf" in claims or "act" in claims:
        return None
    client = find_client(runtime, str(claims["client_id"]))
    if client is None or not client.is_usable or not client.is_built_in:
        return None
    if client.id != standing.client_row_id:
        return None
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
