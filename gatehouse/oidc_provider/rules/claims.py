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
FACTS = tuple(name for names in SCOPES.values() for name in names)
ALL_SCOPES = ("openid", *SCOPES, "offline_access")
# What we can say of anybody. The others of OpenID Connect Core are scopes' words that we lack.
SUPPORTED = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash"),
    *("sid", "name", "picture", "updated_at", "email", "email_verified", "preferred_username"),
    *("roles", "groups", "org_id", "org_name", "org_role"),
)
# Names that no wish and no mapper may set (threat 192): of tokens, of introspection (RFC 7662 2.2),
# and what we say among ourselves.
RESERVED = frozenset(
    {
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "auth_time", "acr"),
        *("amr", "at_hash", "c_hash", "s_hash", "sid", "cnf", "scope", "client_id", "act", "typ"),
        *("events", "may_act", "gid", "fid", "authorization_details"),
        *("active", "token_type", "username", "stays", "came_of", "wishes"),
    }
)
# Of what these say others are sure: no mapper sets it either.
OURS = frozenset(
    {
        *("roles", "groups", "org", "org_id", "org_name", "org_role", "email", "email_verified"),
        *("preferred_username", "_claim_names", "_claim_sources"),
    }
)
USERINFO, ID_TOKEN, ACCESS_TOKEN = "userinfo", "id_token", "access_token"
CONSTANT = "constant"
# People sign in with their address: that is what applications know them by.
ADDRESS_AS_NAME, ADDRESS = "preferred_username", "email"


def claims_of_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    return tellable((name for scope in scopes for name in SCOPES.get(scope, ())), scopes)


def tellable(names: Iterable[str], scopes: Sequence[str]) -> tuple[str, ...]:
    """Those of the claims that these scopes do not forbid: the name that is an address is told to
    nobody who was not given the address.
    """
    return tuple(name for name in names if name != ADDRESS_AS_NAME or ADDRESS in scopes)


def sources(mappers: Iterable[Mapping[str, Any]], place: str, scopes: Sequence[str]) -> list[str]:
    """What mappers read of a person in this place: only what the scopes give anyway."""
    given = {"sub", *claims_of_scopes(scopes)}
    return [
        str(mapper["source"])
        for mapper in mappers
        if place in mapper.get("in", ()) and mapper.get("source") in given
    ]


def mapped_names(mappers: Iterable[Mapping[str, Any]], place: str) -> list[str]:
    """The names of the claims that mappers may say in this place."""
    named = (str(mapper.get("claim")) for mapper in mappers if place in mapper.get("in", ()))
    return [name for name in named if name not in RESERVED | OURS]


def mapped(
    mappers: Iterable[Mapping[str, Any]], place: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    """What a client's mappers say in this place: a constant, or what is known under another name.

    Names that mean something already stay what they are (threat 192).
    """
    said: dict[str, Any] = {}
    for mapper in mappers:
        name, source = mapper.get("claim"), mapper.get("source")
        if place not in mapper.get("in", ()) or name in RESERVED | OURS:
            continue
        value = mapper.get("value") if source == CONSTANT else known.get(str(source))
        if value not in (None, ""):
            said[str(name)] = value
    return said


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
