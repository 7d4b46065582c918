"""What settings of a client do not go with others."""

from typing import Any

import pytest

from tests.clients.settings import (
    BACK,
    DEVICE,
    EXCHANGE,
    FAPI2,
    KEYS,
    PUBLIC,
    wrong,
)

# settings, the field that does not go with the others
TOGETHER: tuple[tuple[dict[str, Any], str], ...] = (
    ({"token_endpoint_auth_method": "none", "require_pkce": False}, "require_pkce"),
    ({"application_type": "spa", "require_pkce": False}, "require_pkce"),
    (
        {
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_ip": "1.2.3.400",
        },
        "tls_client_auth_san_ip",
    ),
    (
        {
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_ip": "fe80::1%eth0",
        },
        "tls_client_auth_san_ip",
    ),
    (
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": KEYS,
            "token_endpoint_auth_signing_alg": "RS256",
        },
        "token_endpoint_auth_signing_alg",
    ),
    (
        {
            "jwks": {"keys": [{**PUBLIC, "alg": "ES256"}]},
            "require_signed_request_object": True,
            "request_object_signing_alg": "EdDSA",
        },
        "request_object_signing_alg",
    ),
    ({"jwks": KEYS, "jwks_uri": "https://a.example.com/jwks"}, "jwks_uri"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
    ({"token_endpoint_auth_method": "self_signed_tls_client_auth"}, "jwks"),
    ({"require_signed_request_object": True}, "jwks"),
    (
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": KEYS,
            "token_endpoint_auth_signing_alg": "HS256",
        },
        "token_endpoint_auth_signing_alg",
    ),
    (
        {"application_type": "spa", "token_endpoint_auth_method": "client_secret_post"},
        "token_endpoint_auth_method",
    ),
    (
        {
            "application_type": "service",
            "token_endpoint_auth_method": "none",
            "grant_types": [DEVICE],
        },
        "token_endpoint_auth_method",
    ),
    (
        {"application_type": "spa", "grant_types": ["authorization_code", "client_credentials"]},
        "grant_types",
    ),
    ({"application_type": "spa", "grant_types": ["authorization_code", EXCHANGE]}, "grant_types"),
    ({"redirect_uris": ["com.example.app:/cb"]}, "redirect_uris"),
    ({"access_policy": "groups"}, "allowed_group_ids"),
    ({"access_policy": "roles"}, "allowed_roles"),
    (
        {"subject_type": "pairwise", "redirect_uris": [BACK, "https://b.example.com/"]},
        "subject_type",
    ),
    ({**FAPI2, "dpop_bound_access_tokens": False}, "dpop_bound_access_tokens"),
    (
        {**FAPI2, "token_endpoint_auth_method": "client_secret_basic", "jwks": None},
        "token_endpoint_auth_method",
    ),
    (
        {**FAPI2, "require_pushed_authorization_requests": False},
        "require_pushed_authorization_requests",
    ),
    ({**FAPI2, "require_pkce": False}, "require_pkce"),
    ({**FAPI2, "id_token_signed_response_alg": "RS256"}, "id_token_signed_response_alg"),
    ({**FAPI2, "request_object_signing_alg": "RS256"}, "request_object_signing_alg"),
    ({**FAPI2, "token_endpoint_auth_signing_alg": "RS256"}, "token_endpoint_auth_signing_alg"),
    ({**FAPI2, "code_lifetime": 61}, "code_lifetime"),
    ({**FAPI2, "redirect_uris": [BACK, "http://localhost:3000/cb"]}, "redirect_uris"),
)


@pytest.mark.parametrize(("settings", "name"), TOGETHER, ids=str)
def test_what_does_not_go_together_is_named(settings: dict[str, Any], name: str):
    assert wrong(**settings) == {name}
