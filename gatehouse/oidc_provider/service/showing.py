"""What is told of a token, to its holder and to resource servers; and its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gatehouse.clients.queries import KnownClient, find_client, find_client_by_id
from gatehouse.clients.service import note_use
from gatehouse.core.context import Context
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.models import RefreshFamily
from gatehouse.grants.service import Standing, revoke_families, revoke_single
from gatehouse.grants.service.families import find_family
from gatehouse.oidc_provider.errors import InsufficientScope, InvalidToken
from gatehouse.oidc_provider.rules.asked import scope_member
from gatehouse.oidc_provider.rules.claims import (
    ACCESS_TOKEN,
    ADDRESS_AS_NAME,
    USERINFO,
    claims_of_scopes,
    mapped_names,
    wished,
)
from gatehouse.oidc_provider.rules.exchange import who_acted
from gatehouse.oidc_provider.service.admission import may_enter
from gatehouse.oidc_provider.service.people import facts_of, say_of
from gatehouse.oidc_provider.service.proofs import check_binding
from gatehouse.oidc_provider.service.resources import is_served_by
from gatehouse.oidc_provider.service.subjects import sub_of
from gatehouse.oidc_provider.service.tokens import (
    Shown,
    issued_at,
    issuer_of,
    read_access_token,
)
from gatehouse.signing_keys.service import sign

INTROSPECTION = "token-introspection+jwt"
INACTIVE: dict[str, Any] = {"active": False}
# What the token says and others may know; gid and fid are for us alone.
TOLD = (
    *("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "auth_time", "acr", "amr"),
    *("cnf", "sid", "roles", "groups", "authorization_details", "act", "_claim_names"),
    "_claim_sources",
)


@dataclass(frozen=True, slots=True)
class Living:
    """An access token that counts, the client that has it, and which of its scopes still hold."""

    shown: Shown
    client: KnownClient
    scopes: Sequence[str]


def read_living(ctx: Context, token: str) -> Living | None:
    """A token that neither anything has ended, nor the client's settings, or None.

    What was exchanged for another token holds no longer than what it came of.
    """
    shown = read_access_token(ctx.runtime, token, ctx.now)
    client = find_client(ctx.runtime, str(shown.claims["client_id"])) if shown else None
    if shown is None or client is None or not client.is_usable:
        return None
    if not all(_acts_still(ctx, name, shown) for name in who_acted(shown.claims.get("act"))):
        return None
    standing, source = shown.standing, client
    if standing is None:
        return Living(shown, client, [s for s in shown.scopes if s in client.options.scopes])
    if standing.client_row_id != client.id:
        found = find_client_by_id(ctx.runtime, standing.client_row_id)
        if found is None or not found.is_usable:
            return None
        source = found
    place = _params(shown, standing).get("organization")
    if not _is_admitted(ctx, source, standing.user_id, place):
        return None
    return Living(shown, client, [s for s in shown.scopes if s in source.options.scopes])


def _acts_still(ctx: Context, client_id: str, shown: Shown) -> bool:
    """Whether nothing has ended that this client had when the token was issued, and it admits the
    person as it did then.
    """
    client = find_client(ctx.runtime, client_id)
    if client is None or not client.is_usable or shown.standing is None:
        return False
    if client.has_ended(issued_at(str(shown.claims["jti"]))):
        return False
    return may_enter(ctx, client, shown.standing.user_id)


def _is_admitted(ctx: Context, client: KnownClient, user_id: UUID, place: str | None) -> bool:
    """Whether the client admits the person, in the organization that the token is for, as somebody
    found a moment ago: whoever ends that ends the grants too, and waits (``ctx.outwait_leases``).
    """
    key = ("admitted", client.id, client.updated_at, user_id, place)
    found = ctx.runtime.leases.get(key, lambda: may_enter(ctx, client, user_id, place) or None)
    return found is True


def userinfo(ctx: Context, token: str, binding: str | None) -> tuple[KnownClient, dict[str, Any]]:
    """The claims of a person (OpenID Connect Core 5.3). Raises InvalidToken, InsufficientScope."""
    living = read_living(ctx, token)
    if living is None:
        raise InvalidToken
    shown = living.shown
    check_binding(shown, binding)
    if issuer_of(ctx.runtime) not in shown.audience:
        raise InvalidToken
    if "openid" not in living.scopes or shown.standing is None:
        raise InsufficientScope
    return living.client, _claims(ctx, living, shown.standing)


def _claims(ctx: Context, living: Living, standing: Standing) -> dict[str, Any]:
    params = _params(living.shown, standing)
    said = say_of(
        ctx,
        living.client,
        standing.user_id,
        place=USERINFO,
        names=[*claims_of_scopes(living.scopes), *wished(params.get("claims", {}), USERINFO)],
        scopes=living.scopes,
        organization=params.get("organization"),
        account=standing.account,
    )
    return {**said, "sub": living.shown.claims["sub"]}


def signed_userinfo(ctx: Context, client: KnownClient, claims: Mapping[str, Any]) -> str | None:
    """The same as a signed token, if the client wants that (OpenID Connect Core 5.3.2)."""
    alg = client.options.userinfo_signed_response_alg
    if alg is None:
        return None
    said = {**claims, "iss": issuer_of(ctx.runtime), "aud": client.client_id}
    return sign(ctx.runtime, said, alg=alg)


def _params(shown: Shown, standing: Standing) -> Mapping[str, Any]:
    """What was wished for when the token was granted: it lies with the family, or in the token."""
    if standing.params is not None:
        return standing.params
    return {
        "claims": {"userinfo": dict.fromkeys(shown.claims.get("wishes", ()))},
        "organization": shown.claims.get("org"),
    }


def introspect(ctx: Context, asker: KnownClient, token: str) -> dict[str, Any]:
    """What a token is good for (RFC 7662 2.2), told to whom it is for, and to whom it was given."""
    note_use(ctx, asker.id, "introspection")
    if token.startswith("grt_"):
        return _of_refresh_token(ctx, asker, token)
    living = read_living(ctx, token)
    if living is None or not _may_know(ctx, asker, living.shown):
        return INACTIVE
    shown = living.shown
    mappers = living.client.options.claims_mappers
    names = (*TOLD, *mapped_names(mappers, ACCESS_TOKEN))
    told = {name: shown.claims[name] for name in names if name in shown.claims}
    told |= {
        "active": True,
        "token_type": "DPoP" if shown.is_bound_to_key else "Bearer",
        "nbf": shown.claims["iat"],
        **scope_member(living.scopes),
    }
    if shown.standing is not None:
        told |= _username(ctx, living, shown.standing)
    return told


def _username(ctx: Context, living: Living, standing: Standing) -> dict[str, str]:
    """What userinfo says as preferred_username by the scopes. Of a pairwise subject nothing is told
    that is the same for others (OpenID Connect Core 8.1).
    """
    is_pairwise = living.client.options.subject_type == "pairwise"
    if is_pairwise or ADDRESS_AS_NAME not in claims_of_scopes(living.scopes):
        return {}
    names, account = [ADDRESS_AS_NAME], standing.account
    facts = facts_of(ctx, living.client, standing.user_id, names, org_id=None, account=account)
    return {"username": facts[ADDRESS_AS_NAME]}


def signed_introspection(ctx: Context, asker: KnownClient, told: Mapping[str, Any]) -> str:
    """The same as a token that the asker can keep as a proof (RFC 9701 5)."""
    said = {
        "iss": issuer_of(ctx.runtime),
        "aud": asker.client_id,
        "iat": int(ctx.now.timestamp()),
        "token_introspection": told,
    }
    alg = asker.options.introspection_signed_response_alg or "RS256"
    return sign(ctx.runtime, said, alg=alg, typ=INTROSPECTION)


def _may_know(ctx: Context, asker: KnownClient, shown: Shown) -> bool:
    """Whether the token was given to the asker, or is for a resource that is the asker's."""
    if shown.claims["client_id"] == asker.client_id:
        return True
    if asker.options.introspection_allowed == "own":
        return False
    audience = shown.audience
    if asker.client_id in audience:
        return True
    return is_served_by(ctx, asker, audience)


def _of_refresh_token(ctx: Context, asker: KnownClient, token: str) -> dict[str, Any]:
    try:
        family, generation = find_family(ctx, token, asker)
    except InvalidGrant:
        return INACTIVE
    ends = min(family.expires_at, family.idle_expires_at)
    is_over = family.revoked_at is not None or ctx.now >= ends
    if is_over or family.outlived is not None or generation != family.generation:
        return INACTIVE
    if not may_enter(ctx, asker, family.user_id, family.params.get("organization")):
        return INACTIVE
    return {
        "active": True,
        "iss": issuer_of(ctx.runtime),
        "sub": sub_of(ctx, asker, family.user_id),
        "aud": issuer_of(ctx.runtime),
        "client_id": asker.client_id,
        **scope_member(family.params["scopes"]),
        "iat": int(family.created_at.timestamp()),
        "exp": int(ends.timestamp()),
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
