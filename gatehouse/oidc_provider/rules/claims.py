"""Which claims a scope or a wish gives (OpenID Connect Core 5.1, 5.4, 5.5). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SCOPES: Mapping[str, tuple[str, ...]] = {
    "profile": (
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username"),
        *("profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale"),
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
    "roles": ("roles",),
    "groups": ("groups",),
    "organizations": ("org_id", "org_name", "org_role"),
}
ALL_SCOPES = ("openid", *SCOPES, "offline_access")
# What we can say of anybody. The others of OpenID Connect Core are scopes' words that we lack.
SUPPORTED = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash"),
    *("sid", "name", "picture", "updated_at", "email", "email_verified", "preferred_username"),
    *("roles", "groups", "org_id", "org_name", "org_role"),
)
# Names that no wish and no mapper may set (threat 192).
RESERVED = frozenset(
    {
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "auth_time", "acr"),
        *("amr", "at_hash", "c_hash", "s_hash", "sid", "cnf", "scope", "client_id", "act", "typ"),
        *("events", "may_act", "gid", "fid", "authorization_details"),
    }
)


def claims_of_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for scope in scopes for name in SCOPES.get(scope, ()))


def chosen(known: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What is known under these names; what is empty is left out (OpenID Connect Core 5.3.2)."""
    return {
        name: known[name]
        for name in dict.fromkeys(names)
        if name in known and known[name] not in (None, "")
    }


def wished(claims: Mapping[str, Any], place: str) -> tuple[str, ...]:
    """The names of the claims that are wished for one by one in this place."""
    return tuple(name for name in claims.get(place, {}) if name not in RESERVED)
