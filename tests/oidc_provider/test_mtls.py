"""Certificates by TLS: MTLS-01 to MTLS-05 (RFC 8705). The proxy's part is played by headers."""

from typing import Any

import pytest
from flask import Flask

from gatehouse.clients.rules.certificates import read_certificate
from gatehouse.core.settings import SettingsRefused, read_settings
from tests.conftest import WIDE
from tests.proving import Shown, Signer
from tests.relying import Person, Rp, make_client

GRANT = {"grant_type": "client_credentials"}
MACHINE = {"grant_types": ["client_credentials"], "scopes": ["api"]}
PROXY = "192.0.2.80"
BOUND = {"tls_client_certificate_bound_access_tokens": True}
BY_CA = {"token_endpoint_auth_method": "tls_client_auth"}
BY_KEY = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
NAMES = {
    "subject": "CN=client,O=Example",
    "dns": "client.example",
    "uri": "urn:client:1",
    "ip": "2001:db8::7",
    "email": "client@example.com",
}


@pytest.fixture
def proxied(common_app: Any) -> Flask:
    return common_app(
        **WIDE,
        CLIENT_CERT_HEADER="Client-Cert",
        CLIENT_CERT_PROXIES="192.0.2.0/24",
        CLIENT_CERT_VERIFIED_HEADER="X-Verified",
        MTLS_URL="https://mtls.example",
        TRUSTED_PROXY_HOPS="1",
    )


@pytest.fixture
def make_proxied(proxied: Flask) -> Any:
    def made(**settings: Any) -> Rp:
        return Rp(proxied, make_client(proxied.extensions["gatehouse"], **settings), PROXY)

    return made


def by(shown: Shown | None, verified: str | None = "SUCCESS", **headers: str) -> dict[str, str]:
    """What the proxy adds to a request."""
    found = {"Client-Cert": shown.rfc9440} if shown else {}
    return found | ({"X-Verified": verified} if verified else {}) | headers


def ask(rp: Rp, headers: dict[str, str], address: str = PROXY) -> Any:
    sent = {**GRANT, "client_id": rp.client_id}
    environ = {"REMOTE_ADDR": address}
    return rp.http.post("/oidc/token", data=sent, headers=headers, environ_base=environ)


def is_refused(answer: Any) -> bool:
    return (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject_dn", "CN=client,O=Example"),
        ("subject_dn", "2.5.4.3=client,O=Example"),
        ("subject_dn", 'cn = "client", o = Example'),
        ("san_dns", "Client.Example"),
        ("san_uri", "urn:client:1"),
        ("san_ip", "2001:DB8:0::7"),
        ("san_email", "client@EXAMPLE.com"),
    ],
)
def test_a_certificate_of_an_authority_names_the_client(make_proxied: Any, name: str, value: str):
    """MTLS-01."""
    rp = make_proxied(**MACHINE, **BY_CA, **{f"tls_client_auth_{name}": value})

    assert ask(rp, by(Shown(**NAMES))).status_code == 200


def test_a_certificate_that_names_another_is_refused(make_proxied: Any):
    """MTLS-01: exactly one way is registered, and it is compared as a whole."""
    shown = Shown(**NAMES)
    for chosen in (
        {"subject_dn": "CN=client"},
        {"subject_dn": "O=Example,CN=client"},
        {"subject_dn": "CN=CLIENT,O=Example"},
        {"subject_dn": "junk"},
        {"subject_dn": "CN=client,O=Example", "san_dns": "client.example"},
        {"san_dns": "example"},
        {"san_dns": "*.example"},
        {"san_uri": "urn:client:"},
        {"san_ip": "2001:db8::8"},
        {"san_ip": "junk"},
        {"san_email": "Client@example.com"},
        {"san_email": "example.com"},
        {},
    ):
        names = {f"tls_client_auth_{name}": value for name, value in chosen.items()}
        assert is_refused(ask(make_proxied(**MACHINE, **BY_CA, **names), by(shown))), chosen


def test_only_what_the_proxy_verified_and_said_counts(make_proxied: Any):
    """MTLS-03, MTLS-05."""
    rp = make_proxied(**MACHINE, **BY_CA, tls_client_auth_subject_dn=NAMES["subject"])
    shown = Shown(**NAMES)

    assert is_refused(ask(rp, by(shown, None)))
    assert is_refused(ask(rp, by(shown, "FAILED:self-signed certificate")))
    assert is_refused(ask(rp, by(shown, "NONE")))
    assert is_refused(ask(rp, by(None)))
    assert is_refused(ask(rp, by(Shown(days=-1, **NAMES))))
    assert is_refused(ask(rp, by(None, **{"Client-Cert": "junk"})))
    assert is_refused(ask(rp, by(None, **{"Client-Cert": f"{shown.rfc9440}, {shown.rfc9440}"})))
    assert ask(rp, by(shown)).status_code == 200


@pytest.mark.parametrize("address", ["203.0.113.5", "10.0.0.1", "::1", ""])
def test_from_a_stranger_the_header_is_only_words(make_proxied: Any, address: str):
    """MTLS-03, MTLS-05: what counts is the peer, whatever X-Forwarded-For says."""
    rp = make_proxied(**MACHINE, **BY_CA, tls_client_auth_subject_dn=NAMES["subject"])
    spoofed = by(Shown(**NAMES), **{"X-Forwarded-For": PROXY})

    assert is_refused(ask(rp, spoofed, address))


def test_without_the_setting_there_are_no_certificates(open_app: Flask, runtime: Any, address: str):
    """MTLS-05."""
    made = make_client(runtime, **MACHINE, **BY_CA, tls_client_auth_subject_dn=NAMES["subject"])
    rp = Rp(open_app, made, address)

    assert is_refused(ask(rp, by(Shown(**NAMES)), address))
    said = rp.http.get("/.well-known/openid-configuration").json
    assert "tls_client_auth" not in said["token_endpoint_auth_methods_supported"]
    assert said["tls_client_certificate_bound_access_tokens"] is False
    assert "mtls_endpoint_aliases" not in said


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_certificate_of_its_own_has_a_key_of_the_client(make_proxied: Any, alg: str):
    """MTLS-01."""
    signer = Signer(alg)
    rp = make_proxied(**MACHINE, **BY_KEY, jwks=signer.jwks)

    assert ask(rp, by(Shown(signer), None)).status_code == 200
    assert is_refused(ask(rp, by(Shown(), None)))
    assert is_refused(ask(rp, by(None)))
    assert is_refused(ask(rp, by(Shown(signer, days=-1), None)))


def test_a_token_is_bound_to_the_certificate(proxied: Flask, make_proxied: Any, user: Any):
    """MTLS-02."""
    shown, other = Shown(), Shown()
    rp, person = make_proxied(**BOUND), Person(proxied, user.email, REMOTE_ADDR=PROXY)
    code = person.code_for(rp, scope="openid offline_access")

    bare = rp.redeem(code)
    assert (bare.status_code, bare.json["error"]) == (400, "invalid_request")
    tokens = rp.redeem(code, headers=by(shown)).json
    token = tokens["access_token"]
    assert tokens["token_type"] == "Bearer"
    assert rp.read(token).claims["cnf"] == {"x5t#S256": shown.x5t}
    assert rp.introspect(token).json["cnf"] == {"x5t#S256": shown.x5t}

    def look(headers: dict[str, str], address: str = PROXY) -> int:
        base = {"REMOTE_ADDR": address}
        headers = {"Authorization": f"Bearer {token}", **headers}
        return rp.http.get("/oidc/userinfo", headers=headers, environ_base=base).status_code

    assert look(by(shown)) == 200
    assert look(by(other)) == 401
    assert look({}) == 401
    assert look(by(shown), "203.0.113.5") == 401
    again = rp.refresh(tokens["refresh_token"], headers=by(other)).json
    assert rp.read(again["access_token"]).claims["cnf"] == {"x5t#S256": other.x5t}
    assert rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_request"


def test_the_refresh_token_of_a_public_client_is_bound(
    proxied: Flask, make_proxied: Any, user: Any
):
    """RFC 8705 4."""
    rp = make_proxied(**BOUND, token_endpoint_auth_method="none")
    person, shown = Person(proxied, user.email, REMOTE_ADDR=PROXY), Shown()
    code = person.code_for(rp, scope="openid offline_access")
    tokens = rp.redeem(code, headers=by(shown)).json

    assert rp.refresh(tokens["refresh_token"], headers=by(Shown())).json["error"] == "invalid_grant"
    assert rp.refresh(tokens["refresh_token"], headers=by(shown)).status_code == 200


def test_who_binds_to_a_certificate_does_not_bind_to_a_key(make_proxied: Any):
    rp, signer, shown = make_proxied(**MACHINE, **BOUND), Signer(), Shown()
    proof = {"DPoP": signer.proof("https://mtls.example/oidc/token")}

    answer = rp.token(**GRANT, headers={**by(shown), **proof})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    either = make_proxied(**MACHINE, **BOUND, dpop_bound_access_tokens=True)
    assert either.token(**GRANT, headers=proof).json["token_type"] == "DPoP"
    assert either.token(**GRANT, headers=by(shown)).json["token_type"] == "Bearer"
    assert either.token(**GRANT).json["error"] == "invalid_dpop_proof"


def test_fapi_is_content_with_a_certificate(make_proxied: Any):
    """FAPI-05."""
    names = {"tls_client_auth_san_dns": "client.example", "profile": "fapi2"}
    rp, shown = make_proxied(**MACHINE, **BY_CA, **names), Shown(**NAMES)

    answer = ask(rp, by(shown))

    assert answer.status_code == 200
    assert rp.read(answer.json["access_token"]).claims["cnf"] == {"x5t#S256": shown.x5t}


def test_discovery_says_where_certificates_are_asked_for(make_proxied: Any):
    """MTLS-04."""
    said = make_proxied().http.get("/.well-known/openid-configuration").json

    methods = said["token_endpoint_auth_methods_supported"]
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)
    assert said["tls_client_certificate_bound_access_tokens"] is True
    assert said["mtls_endpoint_aliases"]["token_endpoint"] == "https://mtls.example/oidc/token"
    assert said["mtls_endpoint_aliases"].keys() <= said.keys()


def test_both_spellings_of_a_certificate_are_read():
    """MTLS-03: RFC 9440, and PEM in an URL as nginx has it."""
    shown = Shown(**NAMES)

    assert read_certificate(shown.rfc9440).x5t == shown.x5t
    assert read_certificate(shown.escaped) == read_certificate(shown.rfc9440)


@pytest.mark.parametrize(
    "text",
    ["", ":", "::", ":eHg=:", "junk", "%FF", "-----BEGIN CERTIFICATE-----", "x" * 20_000, ":\xfc:"],
)
def test_what_is_no_certificate_is_none(text: str):
    assert read_certificate(text) is None


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"CLIENT_CERT_HEADER": "Client-Cert"}, "CLIENT_CERT_PROXIES"),
        ({"CLIENT_CERT_HEADER": "a b", "CLIENT_CERT_PROXIES": "::1"}, "CLIENT_CERT_HEADER"),
        ({"CLIENT_CERT_PROXIES": "everybody"}, "CLIENT_CERT_PROXIES"),
        ({"CLIENT_CERT_VERIFIED_HEADER": "X_Y"}, "CLIENT_CERT_VERIFIED_HEADER"),
        ({"MTLS_URL": "mtls.example"}, "MTLS_URL"),
    ],
)
def test_settings_that_cannot_be_are_refused(chosen: dict[str, str], named: str):
    with pytest.raises(SettingsRefused, match=named):
        read_settings({"FLASK_ENV": "testing", **chosen})
