"""ID tokens of ours that come back as hints: who is meant, and where. They may have expired."""

from collections.abc import Mapping
from typing import Any

from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.jose import NotGenuine
from gatehouse.core.protocol import InvalidRequest
from gatehouse.oidc_provider.service.tokens import issuer_of
from gatehouse.signing_keys.service import verify_own


def claims_of_hint(ctx: Context, hint: str) -> Mapping[str, Any] | None:
    """The claims of an ID token that we signed, or None."""
    try:
        claims = verify_own(ctx.runtime, hint, typ=("jwt", ""))
    except NotGenuine:
        return None
    return claims if claims.get("iss") == issuer_of(ctx.runtime) and "at_hash" in claims else None


def sub_of_hint(ctx: Context, client: KnownClient, hint: str) -> str:
    """Whom a hint names. Raises InvalidRequest if it is none of ours for this client."""
    claims = claims_of_hint(ctx, hint)
    if claims is None or claims.get("aud") != client.client_id:
        raise InvalidRequest("The id_token_hint is no ID token that we issued to this client.")
    return str(claims["sub"])
