"""Whether the settings of a client are right: each by itself, and all together. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from gatehouse.clients.rules.addresses import hosts_of, plain_address
from gatehouse.clients.rules.checks import Scene, problem_of
from gatehouse.clients.rules.keys import algorithms_of, plain_key_set
from gatehouse.clients.rules.options import FAPI2, NAMES, Options, options_of
from gatehouse.clients.rules.published import keys_of_set
from gatehouse.clients.rules.subjects import plain_subject
from gatehouse.clients.rules.words import (
    BY_CERTIFICATE,
    BY_KEY,
    CERTIFICATE_NAMES,
    CIBA,
    CODE,
    DEVICE,
    EXCHANGE,
    NATIVE,
    OF_PEOPLE,
    OWN,
    REFRESH,
    SERVICE,
    SPA,
)

Problems = dict[str, list[str]]
Found = Iterator[tuple[str, str]]

LARGEST = 64 * 1024  # bytes of all settings together
SIGNED = (
    *("id_token_signed_response_alg", "userinfo_signed_response_alg"),
    *("introspection_signed_response_alg", "authorization_signed_response_alg"),
    *("access_token_signed_response_alg", "request_object_signing_alg"),
    "token_endpoint_auth_signing_alg",
)
OF_FAPI2 = {
    "require_pushed_authorization_requests": True,
    "id_token_signed_response_alg": "ES256",
    "authorization_signed_response_alg": "ES256",
}


def with_defaults(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What is chosen, with what follows for a new client of this kind where nothing is chosen."""
    settings = dict(chosen)
    kind = settings.get("application_type")
    if kind in (SPA, NATIVE):
        settings.setdefault("token_endpoint_auth_method", "none")
    if kind == SERVICE:
        settings.setdefault("grant_types", [OWN])
    grants = settings.get("grant_types")
    if isinstance(grants, list) and CODE not in grants:
        settings.setdefault("response_types", [])
    if settings.get("profile") == FAPI2:
        settings = {**OF_FAPI2, **settings}
    return settings


def problems_of(
    settings: Mapping[str, Any], scene: Scene, *, sector_is_proven: bool = False
) -> Problems:
    """What is wrong with the settings, by field. Rules on several fields are asked where each by
    itself is right.
    """
    kind = settings.get("application_type", "web")
    scene = replace(scene, application_type=kind if isinstance(kind, str) else "web")
    alone = {name: problem_of(name, value, scene) for name, value in settings.items()}
    found: Problems = {name: [says] for name, says in alone.items() if says}
    if not found and len(orjson.dumps(dict(settings))) > LARGEST:
        return {"settings": [f"All settings together take at most {LARGEST} bytes."]}
    wrong = set(found)
    right = {name: v for name, v in settings.items() if name in NAMES and name not in wrong}
    options = options_of(right)
    for rule in (*RULES, *(() if sector_is_proven else (_sector,))):
        if wrong.isdisjoint(LOOKS_AT[rule]):
            for name, says in rule(options):
                found.setdefault(name, []).append(says)
    is_said = "default_scopes" in right and "scopes" not in wrong
    if is_said and not set(options.default_scopes) <= set(options.scopes):
        found["default_scopes"] = ["Must all be among scopes."]
    return found


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Right settings as they are kept."""
    kept: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()
    }
    if kept.get("jwks"):
        kept["jwks"] = plain_key_set(kept["jwks"])
    if kept.get("tls_client_auth_san_ip"):
        kept["tls_client_auth_san_ip"] = plain_address(kept["tls_client_auth_san_ip"])
    if kept.get("tls_client_auth_subject_dn"):
        kept["tls_client_auth_subject_dn"] = plain_subject(kept["tls_client_auth_subject_dn"])
    return kept


def _grants(options: Options) -> Found:
    grants = set(options.grant_types)
    if not grants:
        yield "grant_types", "Must name at least one."
    if CODE in grants and not options.redirect_uris:
        yield "redirect_uris", "Must name at least one: authorization_code leads back there."
    if (CODE in grants) != ("code" in options.response_types):
        yield "response_types", 'Must be ["code"] with authorization_code, [] without it.'
    if REFRESH in grants and not grants & set(OF_PEOPLE):
        yield "grant_types", f"refresh_token goes with one of: {', '.join(OF_PEOPLE)}."
    if options.is_public and grants & {OWN, EXCHANGE, CIBA}:
        says = f"{OWN}, {EXCHANGE} and {CIBA} are for clients that prove who they are."
        yield "grant_types", says
    if options.always_issue_refresh_token and REFRESH not in grants:
        yield "always_issue_refresh_token", "Goes with the grant type refresh_token."


def _kind(options: Options) -> Found:
    method = options.token_endpoint_auth_method
    if options.application_type == SPA and not options.is_public:
        yield "token_endpoint_auth_method", "Must be none: a page cannot keep a secret."
    if options.application_type == SERVICE and options.is_public:
        yield "token_endpoint_auth_method", "Must not be none: a service proves who it is."
    if options.is_public and not options.require_pkce:
        yield "require_pkce", "Must be true for a client without a secret (RFC 9700 2.1.1)."
    if not options.response_modes:
        yield "response_modes", "Must name at least one."
    needs_names = method == "tls_client_auth"
    named = [name for name in CERTIFICATE_NAMES if getattr(options, name) is not None]
    if needs_names and len(named) != 1:
        says = f"Needs exactly one of: {', '.join(CERTIFICATE_NAMES)} (RFC 8705 2.1.2)."
        yield "token_endpoint_auth_method", says
    if not needs_names:
        yield from ((name, "Goes with tls_client_auth.") for name in named)


def _keys(options: Options) -> Found:
    has_keys = options.jwks is not None or options.jwks_uri is not None
    method, alg = options.token_endpoint_auth_method, options.token_endpoint_auth_signing_alg
    if options.jwks is not None and options.jwks_uri is not None:
        yield "jwks_uri", "Send jwks or jwks_uri, not both (RFC 7591 2)."
    if method in BY_KEY and not has_keys:
        yield "jwks", f"Needed for {method}: send jwks or jwks_uri."
    if options.require_signed_request_object and not has_keys:
        yield "jwks", "Needed for require_signed_request_object: send jwks or jwks_uri."
    if alg is not None and method not in ("private_key_jwt", "client_secret_jwt"):
        yield "token_endpoint_auth_signing_alg", "Goes with private_key_jwt or client_secret_jwt."
    elif alg is not None and (alg == "HS256") != (method == "client_secret_jwt"):
        says = "Must be HS256 with client_secret_jwt, and never with private_key_jwt."
        yield "token_endpoint_auth_signing_alg", says


def _signing(options: Options) -> Found:
    """What none of its keys verifies the client cannot sign. Those at its jwks_uri may change."""
    if options.jwks is None:
        return
    method = options.token_endpoint_auth_method
    verified = {key.alg: None for key in keys_of_set(options.jwks)}
    signs = {
        "token_endpoint_auth_signing_alg": method == "private_key_jwt",
        "request_object_signing_alg": options.require_signed_request_object,
    }
    for name in (name for name, is_needed in signs.items() if is_needed):
        chosen = getattr(options, name)
        wanted = algorithms_of(options, chosen)
        if wanted and verified.keys().isdisjoint(wanted):
            says = f"No key in jwks verifies {' or '.join(wanted)}. They verify:"
            yield name if chosen else "jwks", f"{says} {', '.join(verified)}."


def _times(options: Options) -> Found:
    if options.refresh_token_idle > options.refresh_token_lifetime:
        yield "refresh_token_idle", "Must be at most refresh_token_lifetime."


def _access(options: Options) -> Found:
    if options.access_policy == "groups" and not options.allowed_group_ids:
        yield "allowed_group_ids", "Must name at least one, where access_policy is groups."
    if options.access_policy == "roles" and not options.allowed_roles:
        yield "allowed_roles", "Must name at least one, where access_policy is roles."


def _sector(options: Options) -> Found:
    """Who does not prove a sector shares the one of the redirect URIs (OIDC Core 8.1)."""
    hosts = hosts_of(options.redirect_uris)
    sector = options.sector_identifier_uri
    if sector is not None and hosts != {urlsplit(sector).hostname}:
        says = "Must have the host of every redirect URI, or give a document that lists them."
        yield "sector_identifier_uri", says
    elif sector is None and options.subject_type == "pairwise" and len(hosts) > 1:
        yield "subject_type", "Must be public, where redirect URIs have several hosts."


def _unled(options: Options) -> Found:
    """Whoever is told the subject without being led anywhere has not shown that the sector is
    theirs: neither its host nor the document that others wrote.
    """
    unled = {DEVICE, CIBA, EXCHANGE} & set(options.grant_types)
    has_sector = any(hosts_of(options.redirect_uris)) or options.sector_identifier_uri is not None
    if options.subject_type == "pairwise" and has_sector and unled:
        says = f"Must be public with {', '.join(sorted(unled))}, where there is a sector."
        yield "subject_type", says


def sector_needs_document(settings: Mapping[str, Any]) -> bool:
    """Whether right settings name a sector that the redirect URIs do not show by themselves."""
    options = options_of(settings)
    return options.sector_identifier_uri is not None and any(_sector(options))


def _details(options: Options) -> Found:
    if not set(options.authorization_details_shapes or ()) <= set(
        options.authorization_details_types
    ):
        yield "authorization_details_shapes", "Must all be of authorization_details_types."


def _fapi2(options: Options) -> Found:
    """FAPI 2.0 Security Profile 5.3.2, 5.4."""
    if options.profile != FAPI2:
        return
    method = options.token_endpoint_auth_method
    if method != "private_key_jwt" and method not in BY_CERTIFICATE:
        says = "Must be private_key_jwt, tls_client_auth or self_signed_tls_client_auth."
        yield "token_endpoint_auth_method", f"{says} The profile fapi2 wants it so."
    if not options.binds_tokens:
        says = "This or tls_client_certificate_bound_access_tokens must be true"
        yield "dpop_bound_access_tokens", f"{says} in the profile fapi2."
    for name in ("require_pushed_authorization_requests", "require_pkce"):
        if not getattr(options, name):
            yield name, "Must be true in the profile fapi2."
    for name in SIGNED:
        if getattr(options, name) == "RS256":
            yield name, "Must not be RS256 in the profile fapi2."
    if options.application_type != NATIVE and any(map(_is_plain_http, options.redirect_uris)):
        yield "redirect_uris", "Must all be https in the profile fapi2, on loopback too."
    longest = 60
    if options.code_lifetime > longest:
        yield "code_lifetime", f"Must be at most {longest} in the profile fapi2."


def _is_plain_http(uri: str) -> bool:
    return uri.startswith("http:")


RULES: tuple[Callable[[Options], Found], ...] = (
    *(_grants, _kind, _keys, _signing, _times, _access, _details, _unled, _fapi2),
)
# What is wrong by itself is not held against other fields.
LOOKS_AT: Mapping[Callable[[Options], Found], tuple[str, ...]] = {
    _grants: ("grant_types", "response_types", "redirect_uris", "token_endpoint_auth_method"),
    _kind: (
        *("application_type", "token_endpoint_auth_method", "require_pkce", "response_modes"),
        *CERTIFICATE_NAMES,
    ),
    _keys: ("jwks", "jwks_uri", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg"),
    _signing: (
        *("jwks", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "profile"),
        *("require_signed_request_object", "request_object_signing_alg"),
    ),
    _times: ("refresh_token_idle", "refresh_token_lifetime"),
    _access: ("access_policy", "allowed_group_ids", "allowed_roles"),
    _details: ("authorization_details_types", "authorization_details_shapes"),
    _sector: ("redirect_uris", "sector_identifier_uri", "subject_type"),
    _unled: ("redirect_uris", "sector_identifier_uri", "subject_type", "grant_types"),
    _fapi2: (
        *("profile", "token_endpoint_auth_method", "code_lifetime", *SIGNED),
        *("redirect_uris", "application_type"),
    ),
}
