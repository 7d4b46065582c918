"""A NUL is text in JSON and none in PostgreSQL: wherever a token says one, somebody is refused, and
nothing fails. Threats 63, 213.
"""

from typing import Any

import pytest

from tests.oidc_provider.programs import LEAST, OPEN, Program
from tests.oidc_provider.test_jar import JWKS, KEYS, object_of, url
from tests.proving import Signer, asserted, unsigned
from tests.relying import Person, Rp, basic

NUL = "x\x00"
SIGNER = Signer("ES256", "one")
ASSERTED = ("token", "introspect", "revoke", "par", "device_authorization", "bc-authorize")
TOKENS = {
    "its kid": ({"alg": "ES256", "kid": NUL}, {"iss": "http://localhost:5000"}),
    "its claims": (
        {"alg": "ES256"},
        dict.fromkeys(("iss", "sub", "aud", "jti", "client_id", "sid", "gid", "azp"), NUL),
    ),
}
# Where a token of ours is expected.
SHOWN: tuple[tuple[str, str, str], ...] = (
    ("POST", "/oidc/introspect", "token"),
    ("POST", "/oidc/revoke", "token"),
    ("POST", "/oidc/token", "refresh_token"),
    ("POST", "/oidc/token", "subject_token"),
    ("POST", "/oidc/bc-authorize", "id_token_hint"),
    ("POST", "/oidc/par", "id_token_hint"),
    ("GET", "/oidc/authorize", "id_token_hint"),
    ("GET", "/oidc/logout", "id_token_hint"),
    ("GET", "/oidc/userinfo", "access_token"),
)
GRANTS = {
    "refresh_token": "refresh_token",
    "subject_token": "urn:ietf:params:oauth:grant-type:token-exchange",
}


@pytest.fixture
def machine(make_rp: Any) -> Rp:
    rp: Rp = make_rp(
        grant_types=["client_credentials"],
        token_endpoint_auth_method="private_key_jwt",
        jwks=SIGNER.jwks,
    )
    return rp


@pytest.mark.parametrize("endpoint", ASSERTED)
@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "jti", "more", "kid"])
def test_in_an_assertion(machine: Rp, endpoint: str, claim: str):
    header = {"kid": NUL} if claim == "kid" else {}
    said = {} if claim == "kid" else {claim: NUL}
    sent = asserted(SIGNER.assertion(machine.client_id, header, **said), token="x")

    reply = machine.http.post(f"/oidc/{endpoint}", data=sent)

    assert reply.status_code < 500, reply.text


@pytest.mark.parametrize("name", ["client_id", "client_secret", "state", "scope", "code", "token"])
@pytest.mark.parametrize("endpoint", ASSERTED)
def test_in_a_form(rp: Rp, endpoint: str, name: str):
    headers = {} if name.startswith("client") else basic(rp.client_id)
    sent = {"grant_type": "authorization_code", name: NUL}

    reply = rp.http.post(f"/oidc/{endpoint}", data=sent, headers=headers)

    assert reply.status_code < 500, reply.text


PARAMETERS: dict[str, Any] = {
    **dict.fromkeys(("client_id", "response_type", "redirect_uri", "scope", "nonce"), NUL),
    **dict.fromkeys(("state", "prompt", "display", "acr_values", "ui_locales", "login_hint"), NUL),
    **dict.fromkeys(("id_token_hint", "code_challenge", "dpop_jkt", "organization", "sub"), NUL),
    **dict.fromkeys(("iss", "aud", "jti", "response_mode", "unknown"), NUL),
    "claims": {"userinfo": {NUL: {"value": NUL}}, "id_token": {"acr": {"values": [NUL]}}},
    "claims of one": {"claims": {"id_token": {"sub": {"value": NUL}}}},
    "registration": {NUL: NUL},
    "authorization_details": [{"type": "pay", "amount": NUL, NUL: [NUL]}],
    "resource": [NUL],
}


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("way", ["authorize", "par"])
def test_in_a_request_object(person: Person, make_rp: Any, way: str, name: str):
    rp = make_rp(jwks=JWKS, authorization_details_types=["pay"], resources=["https://a.example"])
    said = PARAMETERS[name] if " " in name else {name: PARAMETERS[name]}
    signed = object_of(rp, KEYS["ES256"], **said)

    if way == "par":
        reply = rp.http.post("/oidc/par", data={"request": signed}, headers=basic(rp.client_id))
    else:
        reply = person.go_through(url(rp, signed))

    assert reply.status_code < 500, reply.text
    code = reply.headers.get("Location", "").partition("code=")[2].partition("&")[0]
    if code:
        assert rp.redeem(code).status_code < 500


@pytest.mark.parametrize("name", ["jti", "nonce", "htm", "htu", "ath", "kid"])
def test_in_a_proof_of_possession(rp: Rp, name: str):
    said = {"header": {"kid": NUL}} if name == "kid" else {name: NUL}
    headers = {**basic(rp.client_id), "DPoP": SIGNER.proof(**said)}

    for endpoint in ("token", "par"):
        reply = rp.http.post(f"/oidc/{endpoint}", data={"code": "x"}, headers=headers)
        assert reply.status_code < 500, reply.text


@pytest.mark.parametrize("what", TOKENS)
@pytest.mark.parametrize(("method", "path", "name"), SHOWN)
def test_in_what_is_shown_as_a_token_of_ours(rp: Rp, method: str, path: str, name: str, what: str):
    token = unsigned(*TOKENS[what], "AA")
    sent = {**rp.request(), name: token, "grant_type": GRANTS.get(name)}
    sent = {key: value for key, value in sent.items() if value is not None}
    headers = basic(rp.client_id)
    if method == "POST":
        reply = rp.http.post(path, data=sent, headers=headers)
    elif name == "access_token":
        reply = rp.userinfo(token)
    else:
        reply = rp.http.get(path, query_string=sent)

    assert reply.status_code < 500, reply.text


MEMBERS: dict[str, Any] = {
    **dict.fromkeys(("client_name", "scope", "software_id", "software_statement"), NUL),
    "jwks": {"keys": [{**SIGNER.jwk, "kid": NUL}]},
    "contacts": [NUL],
    "unknown": {NUL: NUL},
}


@pytest.mark.parametrize("name", MEMBERS)
def test_in_what_a_program_says_of_itself(common_app: Any, address: str, name: str):
    program = Program(common_app(**OPEN), address)

    assert program.register(**{**LEAST, name: MEMBERS[name]}).status_code in (201, 400)
