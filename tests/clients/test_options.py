"""What each setting of a client may be, and all of them together."""

from dataclasses import fields
from typing import Any

import pytest

from gatehouse.clients.rules import NAMES, Options, plain, problems_of, with_defaults
from gatehouse.clients.rules.checks import CHECKS, SCOPE, kind_of
from gatehouse.clients.rules.policies import SOURCES
from gatehouse.clients.rules.words import RESERVED_CLAIMS
from gatehouse.oidc_provider.rules.asked import SCOPE as ASKED
from gatehouse.oidc_provider.rules.claims import RESERVED, SUPPORTED
from tests.clients.settings import (
    BACK,
    DEVICE,
    EDWARDS,
    FAPI2,
    KEYS,
    PRIVATE,
    PUBLIC,
    SCENE,
    SHARED,
    SHORT_RSA,
    SLOW_RSA,
    wrong,
)

RIGHT: tuple[dict[str, Any], ...] = (
    {},
    {"application_type": "spa"},
    {"application_type": "native", "redirect_uris": ["com.example.app:/cb", "http://127.0.0.1/cb"]},
    {"application_type": "native", "redirect_uris": ["http://localhost:8000/cb"]},
    {"application_type": "service", "redirect_uris": [], "scopes": ["api:read"]},
    {"grant_types": ["authorization_code", "refresh_token"], "always_issue_refresh_token": True},
    {"grant_types": [DEVICE], "redirect_uris": [], "application_type": "native"},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://a.example.com/jwks"},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example.com"},
    {"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS256"},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_ip": "2001:DB8::1"},
    {"token_endpoint_auth_method": "none", "require_pkce": True},
    {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [{**PUBLIC, "kid": "a"}, {**EDWARDS, "kid": "b", "alg": "Ed25519"}]},
        "token_endpoint_auth_signing_alg": "EdDSA",
    },
    {"jwks": KEYS, "request_object_signing_alg": "RS256"},
    {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://a.example.com/jwks",
        "token_endpoint_auth_signing_alg": "RS256",
    },
    {"redirect_uris": [f"{BACK}?tenant=1&Code=%20"]},
    {"min_acr": "phishing-resistant", "default_acr_values": ["phr", "mfa"]},
    {"post_logout_redirect_uris": ["https://app.example.com/?code=1"]},
    {"subject_type": "pairwise"},
    {"subject_type": "pairwise", "sector_identifier_uri": "https://app.example.com/sector.json"},
    {"resources": ["https://api.example.com", "urn:example:api"]},
    {"allowed_cors_origins": ["https://app.example.com", "http://localhost:3000"]},
    {"backchannel_logout_uri": "https://app.example.com/out"},
    {"backchannel_logout_uri": "https://10.1.2.3/out"},
    {"backchannel_logout_uri": "http://127.0.0.1:5001/out"},
    {"backchannel_logout_uri": "http://localhost:5001/"},
    {
        "claims_mappers": [
            {"claim": "https://x.example/team", "source": "groups", "in": ["userinfo"]}
        ]
    },
    {"claims_mappers": [{"claim": "c", "source": "constant", "value": ["a"], "in": ["id_token"]}]},
    {"token_exchange_policy": {"subject_clients": ["a"], "audiences": [], "scopes": ["b"]}},
    {
        "authorization_details_types": ["pay", "look"],
        "authorization_details_shapes": {"pay": {"to": {"kind": "text", "required": True}}},
    },
    {"ip_allowlist": ["192.0.2.0/24", "2001:db8::1"], "rate_limit": "10/second;100/minute"},
    {"rate_limit": "1000000/second;86400000000/day"},
    {"software_id": "\u0645\u06cc\u200c\u062e", "contacts": ["kim@example.com"]},
    {"access_policy": "roles", "allowed_roles": ["admin"]},
    {"default_max_age": None, "logo_uri": None, "jwks": None},
    FAPI2,
    {**FAPI2, "application_type": "native", "redirect_uris": ["http://127.0.0.1/cb", "a.b:/cb"]},
)


@pytest.mark.parametrize("settings", RIGHT, ids=str)
def test_what_is_right_is_taken(settings: dict[str, Any]):
    assert wrong(**settings) == set()


CONSTANT = {"claim": "c", "source": "constant", "value": 1, "in": ["userinfo"]}
OURS_ALONE = ("gid", "fid", "active", "token_type", "username", "stays", "came_of", "wishes")
# field, what it may not be
WRONG: tuple[tuple[str, Any], ...] = (
    ("application_type", "desktop"),
    *(
        (name, uri)
        for name in ("client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri")
        for uri in ("javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", " https://a.example")
    ),
    ("logo_uri", "http://a.example.com/logo.png"),
    ("logo_uri", "https://kim@a.example.com/logo.png"),
    ("logo_uri", "https:///logo.png"),
    ("logo_uri", "https://a.example.com;sandbox/logo.png"),
    ("logo_uri", "https://a.example.com,default-src/logo.png"),
    ("redirect_uris", [f"https://{'a.' * 127}com/callback"]),
    ("logo_uri", 5),
    ("contacts", ["kim"]),
    ("contacts", ["a@example.com, b@example.com"]),
    ("contacts", ["\u202ekim@example.com"]),
    ("software_id", "a\nb"),
    ("software_version", "1\u202e0"),
    ("software_version", "\u3164"),
    ("authorization_details_types", ["pay\u200b"]),
    ("authorization_details_shapes", {"pay": {"to\u2066": {"kind": "text"}}}),
    ("authorization_details_shapes", {"pay": {"to": {"kind": "text", "one_of": ["a\u202eb"]}}}),
    *(
        (name, [uri])
        for name in ("redirect_uris", "post_logout_redirect_uris")
        for uri in (
            "javascript:x",
            "https://*.example.com/",
            "https://a.example/#x",
            "http://a.example",
            "https://a.example/%zz",
            "https://a.example/?a=%2",
            "https://a.example/?state=1",
            "https://a.example/?a=1&st%61te",
        )
    ),
    *(
        ("redirect_uris", [f"{BACK}?a=b&{name}=1"])
        for name in (
            *("code", "iss", "error", "error_description", "error_uri", "response"),
            *("session_state", "c%6fde"),
        )
    ),
    ("redirect_uris", [BACK, BACK]),
    ("redirect_uris", []),
    ("redirect_uris", BACK),
    ("redirect_uris", [f"https://app.example.com/{n}" for n in range(101)]),
    ("allowed_cors_origins", ["*"]),
    ("allowed_cors_origins", ["https://a.example.com/"]),
    ("allowed_cors_origins", ["http://a.example.com"]),
    ("allowed_cors_origins", ["null"]),
    ("grant_types", ["password"]),
    ("grant_types", ["implicit", "authorization_code"]),
    ("grant_types", []),
    ("grant_types", ["refresh_token", "client_credentials"]),
    ("response_types", ["token"]),
    ("response_types", []),
    ("response_modes", ["web_message"]),
    ("response_modes", []),
    ("scopes", ["open id"]),
    ("scopes", ['a"b']),
    ("scopes", ["x" * 101]),
    ("default_scopes", ["roles"]),
    ("resources", ["api"]),
    ("resources", ["https://api.example.com/#a"]),
    ("resources", ["https://id.example.com/api/v1"]),
    ("resources", ["https://ID.example.com:443/api/v1/"]),
    ("resources", ["http://id.example.com./api"]),
    ("resources", ["https://id%2eexample.com"]),
    ("resources", ["https://api.example.com/a/%2e%2e/b"]),
    ("resources", ["https://api.example.com/%zz"]),
    ("audiences", ["https://id.example.com"]),
    ("audiences", ["javascript:x"]),
    ("token_endpoint_auth_method", "password"),
    ("token_endpoint_auth_method", "tls_client_auth"),
    ("token_endpoint_auth_signing_alg", "none"),
    ("token_endpoint_auth_signing_alg", "RS256"),
    ("jwks", {"keys": []}),
    ("jwks", {"keys": [PRIVATE]}),
    ("jwks", {"keys": [SHARED]}),
    ("jwks", {"keys": [SHORT_RSA]}),
    ("jwks", {"keys": [SLOW_RSA]}),
    ("jwks", {"keys": [{**PUBLIC, "alg": "RS256"}]}),
    ("jwks", {"keys": ["a"]}),
    ("jwks", {"keys": [{"kty": {}}]}),
    ("jwks", {"keys": [{**PUBLIC, "key_ops": 5}]}),
    ("jwks", {"keys": [{**PUBLIC, "kid": "a"}, {**EDWARDS, "kid": "a"}]}),
    ("jwks", "https://a.example.com/jwks"),
    ("jwks_uri", "http://a.example.com/jwks"),
    ("jwks_uri", "http://127.0.0.1:5001/jwks"),
    ("jwks_uri", "https://127.0.0.2/jwks"),
    ("jwks_uri", "https://169.254.169.254/latest"),
    ("jwks_uri", "file:///etc/passwd"),
    ("backchannel_logout_uri", "https://[::1]/out"),
    ("backchannel_logout_uri", "http://[::1]:5001/out"),
    ("backchannel_logout_uri", "http://10.1.2.3/out"),
    ("backchannel_logout_uri", "https://a.example.com:22/out"),
    ("tls_client_auth_san_dns", "a.example.com"),
    ("ip_allowlist", ["192.0.2.1/24"]),
    ("rate_limit", "fast"),
    ("rate_limit", "1000001/second"),
    ("rate_limit", "10/second;86400000001/day"),
    ("profile", "fapi1"),
    ("request_object_signing_alg", "none"),
    ("request_object_signing_alg", "HS256"),
    ("subject_type", "private"),
    ("sector_identifier_uri", "https://other.example.com/sector.json"),
    *((f"{name}_signed_response_alg", "none") for name in ("id_token", "userinfo", "access_token")),
    ("id_token_signed_response_alg", "HS256"),
    ("id_token_signed_response_alg", None),
    ("access_token_format", "xml"),
    *(
        (name, seconds)
        for name in ("id_token_lifetime", "access_token_lifetime", "code_lifetime")
        for seconds in (0, -1, 86_401, True, 1.5, "60")
    ),
    ("refresh_token_lifetime", 10**9),
    ("refresh_token_idle", 2_592_001),
    ("refresh_grace_seconds", 61),
    ("refresh_rotation", "sometimes"),
    ("always_issue_refresh_token", True),
    ("default_max_age", -1),
    ("default_acr_values", ["urn:unknown"]),
    ("min_acr", "none"),
    ("prompt_select_account", "never"),
    ("consent", "implicit"),
    ("consent_lifetime", -1),
    ("access_policy", "anybody"),
    ("allowed_org_ids", ["acme"]),
    ("allowed_roles", ["root"]),
    ("require_pkce", "true"),
    ("require_pkce", 1),
    ("require_signed_request_object", None),
    ("claims_mappers", [{**CONSTANT, "claim": "sub"}]),
    ("claims_mappers", [{**CONSTANT, "claim": ["sub"]}]),
    ("claims_mappers", [{**CONSTANT, "source": "password_hash"}]),
    ("claims_mappers", [{**CONSTANT, "in": ["code"]}]),
    ("claims_mappers", [{**CONSTANT, "in": [["userinfo"]]}]),
    ("claims_mappers", [{**CONSTANT, "value": {"a": 1}}]),
    ("claims_mappers", [{**CONSTANT, "value": "x" * 501}]),
    ("claims_mappers", [{**CONSTANT, "source": "name"}]),
    ("claims_mappers", [{"claim": "c"}]),
    ("claims_mappers", ["c"]),
    ("token_exchange_policy", {"subject_clients": ["a"]}),
    ("authorization_details_shapes", {}),
    ("authorization_details_shapes", {"of no type": {"to": {"kind": "text"}}}),
    ("token_exchange_policy", {"subject_clients": "a", "audiences": [], "scopes": []}),
    ("token_exchange_policy", {"subject_clients": [1], "audiences": [], "scopes": []}),
    (
        "token_exchange_policy",
        {"subject_clients": [], "audiences": ["https://id.example.com/api/v1"], "scopes": []},
    ),
    ("introspection_allowed", "all"),
    ("tls_client_auth_subject_dn", "junk"),
    ("tls_client_auth_san_ip", "junk"),
    *(("claims_mappers", [{**CONSTANT, "claim": name}]) for name in OURS_ALONE),
)


@pytest.mark.parametrize(("name", "value"), WRONG, ids=str)
def test_what_is_wrong_is_named_by_its_field(name: str, value: Any):
    """Threats 7, 12, 61 and 66."""
    assert wrong(**{name: value}) == {name}


def test_all_wrong_fields_are_named_at_once():
    assert wrong(logo_uri="x", min_acr="y", code_lifetime=0, default_scopes=["z"]) == {
        *("logo_uri", "min_acr", "code_lifetime", "default_scopes")
    }


def test_all_settings_together_have_a_bound():
    long = [f"https://app.example.com/{n:03}/{'x' * 900}" for n in range(100)]

    assert wrong(redirect_uris=[BACK, *long[:99]]) == {"settings"}


def test_every_setting_has_a_check_or_is_a_flag():
    unchecked = {name for name in NAMES if name not in CHECKS}

    assert set(CHECKS) <= set(NAMES)
    assert {kind_of(name) for name in unchecked} == {"bool"}


def test_the_defaults_are_right_themselves():
    defaults = {field.name: field.default for field in fields(Options)}

    assert set(problems_of({**defaults, "redirect_uris": (BACK,)}, SCENE)) == set()


def test_of_keys_only_what_is_needed_is_kept():
    kept = plain({"jwks": {"keys": [{**PUBLIC, "x5u": "https://a.example"}], "more": 1}})

    assert kept["jwks"] == {"keys": [{n: v for n, v in PUBLIC.items() if n != "x5u"}]}


@pytest.mark.parametrize(
    ("written", "kept"), [("2001:DB8:0::1", "2001:db8::1"), ("192.0.2.7", "192.0.2.7")]
)
def test_an_address_of_a_certificate_is_kept_in_its_one_spelling(written: str, kept: str):
    assert plain({"tls_client_auth_san_ip": written}) == {"tls_client_auth_san_ip": kept}


@pytest.mark.parametrize("kind", ["spa", "native"])
def test_what_runs_at_peoples_places_has_no_secret(kind: str):
    assert with_defaults({"application_type": kind})["token_endpoint_auth_method"] == "none"


def test_a_service_acts_for_itself():
    found = with_defaults({"application_type": "service"})

    assert (found["grant_types"], found["response_types"]) == (["client_credentials"], [])


def test_words_that_are_repeated_here_are_those_of_the_provider():
    assert RESERVED_CLAIMS == RESERVED
    assert set(SOURCES) - {"constant"} <= set(SUPPORTED)
    assert SCOPE.pattern.startswith(ASKED.pattern.removesuffix("+"))
