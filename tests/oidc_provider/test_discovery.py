"""What we say of ourselves (OpenID Connect Discovery, RFC 8414), and the keys (RFC 7517)."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import KeySet

from tests.relying import ISSUER, Person, Rp

PATHS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
REQUIRED = {
    *("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"),
    *("response_types_supported", "subject_types_supported", "scopes_supported"),
    *("id_token_signing_alg_values_supported", "claims_supported", "grant_types_supported"),
    *("token_endpoint_auth_methods_supported", "introspection_endpoint", "revocation_endpoint"),
}


@pytest.fixture
def document(rp: Rp) -> dict[str, Any]:
    return rp.http.get(PATHS[0]).json


@pytest.mark.parametrize("path", PATHS)
def test_the_document_is_there_for_everybody(rp: Rp, path: str):
    """DISC-01, DISC-02, DISC-12, DISC-16, BCP-18, threat 99: it never follows the Host header."""
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "https://x.y"}

    answer = rp.http.get(path, headers=forged)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["issuer"] == ISSUER
    assert "evil.example" not in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json == rp.http.get(PATHS[0]).json


def test_an_issuer_with_a_path_is_found_where_clients_look(make_app: Any, rp: Rp):
    """DISC-02: RFC 8414 3.1, and 5 for OpenID providers. The path stands behind the name."""
    issuer = "https://id.example.com/tenant/one"
    http = make_app(OIDC_ISSUER_URL=issuer).test_client()
    usual = http.get(PATHS[0])

    for path in PATHS:
        answer = http.get(f"{path}/tenant/one")
        assert (answer.status_code, answer.json["issuer"]) == (200, issuer)
        assert answer.data == usual.data
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        for other in ("/tenant", "/tenant/one/", "/tenant/one/x", "/tenant//one", "/"):
            assert http.get(path + other).status_code == 404, other
            assert rp.http.get(path + other).status_code == 404, other
        assert rp.http.get(f"{path}/tenant/one").status_code == 404


def test_it_says_all_that_clients_need_and_says_it_well(document: dict[str, Any]):
    """DISC-03 to DISC-11, DISC-13, DISC-14."""
    assert document.keys() >= REQUIRED
    for name, value in document.items():
        if name.endswith(("_endpoint", "_uri")) or name == "issuer":
            parts = urlsplit(value)
            assert parts.scheme in ("http", "https"), name
            assert not parts.fragment, name
        if name.endswith("_supported") and not isinstance(value, bool):
            assert len(set(value)) == len(value) > 0, name
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]
    assert "openid" in document["scopes_supported"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert not {"password", "implicit"} & set(document["grant_types_supported"])
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["claims_parameter_supported"] is True
    assert document["request_uri_parameter_supported"] is False


def test_every_endpoint_that_it_names_is_served(rp: Rp, document: dict[str, Any]):
    """DISC-15."""
    for name, value in document.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            answer = rp.http.options(urlsplit(value).path)
            assert answer.status_code != 404, name


def test_the_keys_are_public_distinct_and_kept_for_a_while(rp: Rp):
    """JWKS-01 to JWKS-05, DISC-12."""
    answer = rp.http.get("/oidc/jwks")

    keys = answer.json["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert {key["alg"] for key in keys} >= {"RS256", "ES256", "EdDSA"}
    for key in keys:
        assert key["use"] == "sig"
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)
    sizes = [
        key.public_key.key_size
        for key in KeySet.import_key_set(answer.json)
        if key.key_type == "RSA"
    ]
    assert all(size >= 2048 for size in sizes)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", [*PATHS, "/oidc/jwks"])
def test_pages_of_all_origins_may_read_it(make_app: Any, path: str):
    """DISC-12: each header says it once, also to an origin that the REST API is open to."""
    page = {"Origin": "https://console.example"}
    answer = make_app(CORS_ORIGINS=page["Origin"]).test_client().get(path, headers=page)

    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"]
    assert answer.headers.getlist("Cross-Origin-Opener-Policy") == ["same-origin"]


@pytest.mark.parametrize("path", [*PATHS, "/oidc/jwks"])
def test_whoever_has_it_already_is_told_so(rp: Rp, path: str):
    """JWKS-04, RFC 9110 13.1.2: tags are compared weakly, and several may be named."""
    tag = rp.http.get(path).headers["ETag"]

    for known in (tag, f"W/{tag}", f'"other", W/{tag}', f"{tag},{tag}", "*"):
        again = rp.http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b""), known
        assert again.headers["ETag"] == tag
    for known in ('"other"', 'W/"other", "more"', "", '"', '"*"', f'"{tag[1:-1]}x"'):
        again = rp.http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, bool(again.data)) == (200, True), known


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_an_id_token_is_signed_as_the_client_wants_it(person: Person, make_rp: Any, alg: str):
    """CORE-02, CORE-03, CORE-06, CORE-64, CORE-72, CORE-73."""
    rp = make_rp(id_token_signed_response_alg=alg, access_token_signed_response_alg=alg)
    tokens = person.tokens_for(rp)

    token = rp.read(tokens["id_token"])

    assert token.header["alg"] == alg
    assert token.header["kid"] in {key["kid"] for key in rp.http.get("/oidc/jwks").json["keys"]}
    claims = token.claims
    assert claims["iss"] == ISSUER
    assert claims["aud"] == rp.client_id
    assert claims["exp"] - claims["iat"] == 3600
    assert all(isinstance(claims[name], int) for name in ("exp", "iat", "auth_time"))
    assert isinstance(claims["amr"], list)
    assert claims["amr"] == ["pwd"]
    assert isinstance(claims["acr"], str)
    assert len(claims["at_hash"]) == (43 if alg == "EdDSA" else 22)
    assert claims["sid"]
    assert rp.read(tokens["access_token"]).header["alg"] == alg
