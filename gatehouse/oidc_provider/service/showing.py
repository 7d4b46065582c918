"""What is told of a token, to its holder and to resource servers; and its end."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.clients.models import ClientAudience
from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.clients.service import note_use
from gatehouse.core.context import Context
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.models import Grant, RefreshFamily
from gatehouse.grants.service import revoke_families, revoke_single
from gatehouse.grants.service.families import find_family
from gatehouse.oidc_provider.errors import InsufficientScope, InvalidToken
from gatehouse.oidc_provider.rules.claims import chosen, claims_of_scopes, wished
from gatehouse.oidc_provider.service.people import facts_of
from gatehouse.oidc_provider.service.proofs import proves
from gatehouse.oidc_provider.service.tokens import (
    Shown,
    issuer_of,
    read_access_token,
)

INACTIVE: dict[str, Any] = {"active": False}
# What the token says and others may know; gid and fid are for us alone.
TOLD = (
    *("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "auth_time", "acr", "amr"),
    *("cnf", "sid", "roles", "groups", "authorization_details", "act"),
)


def userinfo(ctx: Context, token: str, binding: str | None) -> tuple[KnownClient, dict[str, Any]]:
    """The claims of a person (OpenID Connect Core 5.3). Raises InvalidToken, InsufficientScope."""
    shown = read_access_token(ctx.runtime, token, ctx.now)
    if shown is None or not proves(shown, binding):
        raise InvalidToken
    if issuer_of(ctx.runtime) not in shown.audience:
        raise InvalidToken
    if "openid" not in shown.scopes or shown.standing is None:
        raise InsufficientScope
    client = find_client(ctx.runtime, str(shown.claims["client_id"]))
    if client is None or not client.is_usable:
        raise InvalidToken
    return client, _claims(ctx, client, shown)


def _claims(ctx: Context, client: KnownClient, shown: Shown) -> dict[str, Any]:
    if shown.standing is None:
        raise InsufficientScope
    params = _params(ctx, shown)
    names = [*claims_of_scopes(shown.scopes), *wished(params.get("claims", {}), "userinfo")]
    org_id = UUID(params["organization"]) if params.get("organization") else None
    facts = facts_of(ctx, client, shown.standing.user_id, names, org_id=org_id)
    return {"sub": shown.claims["sub"], **chosen(facts, names)}


def _params(ctx: Context, shown: Shown) -> dict[str, Any]:
    """What was wished for when the token was granted: it lies with the family, or in the token."""
    if "fid" in shown.claims:
        family = ctx.db.get(RefreshFamily, UUID(shown.claims["fid"]))
        return dict(family.params) if family else {}
    return {
        "claims": {"userinfo": dict.fromkeys(shown.claims.get("wishes", ()))},
        "organization": shown.claims.get("org"),
    }


def introspect(ctx: Context, asker: KnownClient, token: str) -> dict[str, Any]:
    """What a token is good for (RFC 7662 2.2), told to whom it is for, and to whom it was given."""
    note_use(ctx, asker.id, "introspection")
    if token.startswith("grt_"):
        return _of_refresh_token(ctx, asker, token)
    shown = read_access_token(ctx.runtime, token, ctx.now)
    if shown is None or not _may_know(ctx, asker, shown):
        return INACTIVE
    owner = find_client(ctx.runtime, str(shown.claims["client_id"]))
    if owner is None or not owner.is_usable:
        return INACTIVE
    told = {name: shown.claims[name] for name in TOLD if name in shown.claims}
    is_bound = (shown.binding or "").startswith("jkt:")
    return {"active": True, "token_type": "DPoP" if is_bound else "Bearer", **told}


def _may_know(ctx: Context, asker: KnownClient, shown: Shown) -> bool:
    """Whether the token was given to the asker, or is for a resource that is the asker's."""
    if shown.claims["client_id"] == asker.client_id:
        return True
    if asker.options.is_public or asker.options.introspection_allowed == "own":
        return False
    audience = shown.audience
    if asker.client_id in audience:
        return True
    with ctx.runtime.short.connect() as db:
        own = db.scalar(
            select(ClientAudience.id)
            .where(ClientAudience.audience.in_(audience), ClientAudience.client_row_id == asker.id)
            .limit(1)
        )
    return own is not None


def _of_refresh_token(ctx: Context, asker: KnownClient, token: str) -> dict[str, Any]:
    try:
        family, generation = find_family(ctx, token, asker)
    except InvalidGrant:
        return INACTIVE
    grant = ctx.db.get(Grant, family.grant_id)
    is_over = ctx.now >= min(family.expires_at, family.idle_expires_at)
    is_gone = family.revoked_at is not None or grant is None or grant.revoked_at is not None
    if is_over or is_gone or generation != family.generation:
        return INACTIVE
    return {
        "active": True,
        "iss": issuer_of(ctx.runtime),
        "client_id": asker.client_id,
        "scope": " ".join(family.params["scopes"]),
        "iat": int(family.created_at.timestamp()),
        "exp": int(min(family.expires_at, family.idle_expires_at).timestamp()),
        "token_type": "refresh_token",
    }


def revoke(ctx: Context, client: KnownClient, token: str) -> None:
    """End a token of this client (RFC 7009 2.1); one of another, or none at all, is left alone."""
    if token.startswith("grt_"):
        try:
            family, _ = find_family(ctx, token, client)
        except InvalidGrant:
            return
        revoke_families(ctx, RefreshFamily.id == family.id, reason="revoked_by_client")
        return
    shown = read_access_token(ctx.runtime, token, ctx.now)
    if shown is None or shown.claims["client_id"] != client.client_id:
        return
    ends = datetime.fromtimestamp(int(shown.claims["exp"]), UTC)
    revoke_single(ctx, str(shown.claims["jti"]), ends)
