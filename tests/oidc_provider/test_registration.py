"""Programs that register themselves (RFC 7591, 7592; ruling 29)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gatehouse.clients.models import Client, RegistrationToken
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.core.tokens import hash_token, mint
from tests.conftest import WIDE
from tests.factories import Factory
from tests.oidc_provider.programs import BACK, LEAST, OPEN, Program
from tests.peers import answer, peer
from tests.relying import ISSUER, Person, Rp

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
OTHER_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
BY_KEY = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY]}}


@pytest.fixture
def program(common_app: Any, address: str) -> Program:
    return Program(common_app(**OPEN), address)


def refused(reply: Any) -> str:
    assert reply.status_code == 400, reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    error: str = reply.json["error"]
    return error


def test_a_program_registers_and_gets_what_it_needs(program: Program, db: Session):
    """DCR-01, DCR-02, DCR-08, DCR-12, DCR-27: unknown members are ignored, hashes are kept."""
    reply = program.register(**LEAST, client_name="App", nonsense=1, **{"client_name#de": "A"})

    told = reply.json
    assert reply.status_code == 201
    assert reply.headers["Cache-Control"] == "no-store"
    assert len(told["client_secret"]) == 53
    assert told["client_secret_expires_at"] == 0
    assert told["client_name"] == "App"
    assert told["grant_types"] == ["authorization_code"]
    assert told["response_types"] == ["code"]
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["id_token_signed_response_alg"] == "RS256"
    assert told["scope"] == "openid profile email address phone"
    row = db.scalar(select(Client).where(Client.client_id == told["client_id"]))
    assert row.registration_token_hash == hash_token(told["registration_access_token"])
    assert told["client_secret"] not in str(row.secrets)
    assert (row.org_id, row.is_trusted) == (None, False)
    assert row.settings["access_policy"] == "everyone"


def test_a_registered_client_signs_people_in(program: Program, make: Factory, db: Session):
    """DCR-14, DCR-25, DCR-26: what it said of itself is shown, as text."""
    told = program.done(
        grant_types=["authorization_code", "refresh_token"],
        client_name="<script>alert(1)</script>",
        logo_uri="https://app.example.com/logo.png",
    )
    person = Person(program.app, make.user().email)
    row = db.scalar(select(Client).where(Client.client_id == told["client_id"]))
    rp = Rp(program.app, row)

    page = person.sign_in(person.open(rp.url(scope="openid email offline_access")))

    assert page.request.path.startswith("/oidc/consent/")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_only_json_objects_are_read(program: Program):
    """DCR-09."""
    post = program.http.post
    assert post("/oidc/register", data=LEAST).status_code == 415
    for raw in (b"", b"[]", b"null", b"{", b'"x"', b"\xff"):
        reply = post("/oidc/register", data=raw, content_type="application/json")
        assert refused(reply) == "invalid_client_metadata"
    for levels in (16, 270, 900, 5000):
        deep = f'{{"redirect_uris": ["{BACK}"], "x": {"[" * levels}{"]" * levels}}}'
        reply = post("/oidc/register", data=deep, content_type="application/json")
        assert refused(reply) == "invalid_client_metadata"
        assert "16 levels" in reply.json["error_description"]
    twice = b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://b.example/"]}'
    reply = post("/oidc/register", data=twice, content_type="application/json")
    assert reply.json["error_description"].startswith("redirect_uris: Stands there twice.")


REDIRECTS: tuple[Any, ...] = (
    *(
        "https://a.example/#f",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://*.a.example/",
        "",
    ),
    *("http://a.example/", "com.example.app:/cb", " https://a.example/", "https://kim@a.example/"),
    *("/relative", ""),
    *("https://a.example/%zz", "https://a.example/?code=1", "https://a.example/?st%61te=1"),
)


@pytest.mark.parametrize("uri", REDIRECTS)
def test_redirect_uris_are_checked(program: Program, uri: str):
    """DCR-03."""
    assert refused(program.register(redirect_uris=[uri])) == "invalid_redirect_uri"


def test_a_native_application_may_be_led_back_to_localhost(program: Program):
    """DCR-03 (OpenID Connect Registration 2)."""
    uris = ["http://localhost:8000/cb", "http://127.0.0.1/cb", "http://[::1]/cb"]

    told = program.done(application_type="native", redirect_uris=uris)

    assert told["redirect_uris"] == uris


BAD: tuple[dict[str, Any], ...] = (
    {"redirect_uris": BACK},
    {"redirect_uris": [5]},
    {"grant_types": ["password"]},
    {"grant_types": "authorization_code"},
    {"grant_types": True},
    {"grant_types": 1},
    {"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]},
    {"response_types": ["token"]},
    {"response_types": ["code", "id_token"]},
    {"token_endpoint_auth_method": "magic"},
    {"token_endpoint_auth_method": "private_key_jwt"},
    {"jwks": {"keys": [KEY]}, "jwks_uri": "https://a.example/jwks"},
    {"jwks": {"keys": [{**KEY, "d": "x"}]}},
    {"jwks_uri": "https://127.0.0.1/jwks"},
    {"jwks_uri": "http://a.example/jwks"},
    {"logo_uri": "javascript:alert(1)"},
    {"client_uri": "http://a.example/"},
    {"id_token_signed_response_alg": "none"},
    {"userinfo_signed_response_alg": "HS256"},
    {"default_max_age": -1},
    {"default_max_age": "60"},
    {"contacts": "a@example.com"},
    {"client_name": 5},
    {"client_name": "x" * 121},
    {"client_name": "a\u202e\nb"},
    {"client_name": "\u3164"},
    {"software_version": "1\u202e"},
    {"contacts": ["\u202ekim@a.example"]},
    {"jwks": {"keys": [{**KEY, "kid": "a"}, {**OTHER_KEY, "kid": "a"}]}},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_ip": "1.2.3.400"},
    {**BY_KEY, "token_endpoint_auth_signing_alg": "RS256"},
    {**BY_KEY, "require_signed_request_object": True, "request_object_signing_alg": "PS256"},
    {"scope": ["openid"]},
    {"scope": "api admin"},
    {"scope": " "},
    {"subject_type": "pairwise", "grant_types": ["authorization_code", DEVICE]},
    {"subject_type": "pairwise", "redirect_uris": [BACK, "https://b.example.com/"]},
    {"sector_identifier_uri": "https://no.such.host.invalid/sector.json"},
    {"backchannel_logout_uri": "https://10.0.0.1/out"},
    {"application_type": "desktop"},
)


@pytest.mark.parametrize("metadata", BAD, ids=str)
def test_what_is_not_valid_is_refused(program: Program, metadata: dict[str, Any]):
    """DCR-04 to DCR-07."""
    reply = program.register(**{**LEAST, **metadata})

    # Of redirect URIs that are no list of texts RFC 7591 3.2.2 says the same as of bad ones.
    is_of_redirects = set(metadata) == {"redirect_uris"}
    expected = "invalid_redirect_uri" if is_of_redirects else "invalid_client_metadata"
    assert refused(reply) == expected


def test_redirect_uris_are_needed_where_a_code_leads_back(program: Program):
    """DCR-04."""
    assert refused(program.register(client_name="A")) == "invalid_redirect_uri"
    told = program.register(grant_types=["client_credentials"]).json
    assert (told["redirect_uris"], told["response_types"]) == ([], [])


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_method": "none"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY]}},
        {"application_type": "native", "redirect_uris": ["com.example.app:/cb"]},
    ],
    ids=str,
)
def test_a_secret_is_for_those_who_use_one(program: Program, metadata: dict[str, Any]):
    """DCR-11."""
    told = program.done(**metadata)

    assert "client_secret" not in told
    assert "client_secret_expires_at" not in told


def test_nobody_registers_what_only_people_decide(program: Program, db: Session):
    """Threat 25, ruling 27."""
    wish = {
        "is_trusted": True,
        "consent": "skip",
        "access_policy": "everyone",
        "resources": ["https://api.example.com"],
        "audiences": ["https://api.example.com"],
        "token_exchange_policy": {"subject_clients": [], "audiences": [], "scopes": []},
        "claims_mappers": [],
        "access_token_lifetime": 86_400,
        "require_pkce": False,
        "scope": "openid api admin",
    }

    told = program.done(**wish)

    row = db.scalar(select(Client).where(Client.client_id == told["client_id"]))
    assert not row.is_trusted
    assert set(row.settings) & set(wish) == {"access_policy"}
    assert told["scope"] == "openid"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, [BACK, "https://b.example.com/", "https://c.example.com/"], 201),
        (200, [BACK], 400),
        (200, {"keys": []}, 400),
        (404, [BACK, "https://b.example.com/"], 400),
        (302, [BACK, "https://b.example.com/"], 400),
    ],
    ids=str,
)
def test_the_document_of_a_sector_lists_all_redirect_uris(
    make_app: Any, address: str, trusted_here: Any, status: int, body: Any, expected: int
):
    """DCR-10, threat 47."""
    program = Program(make_app(**OPEN, OUTBOUND_ALLOW="127.0.0.1"), address)
    content = orjson.dumps(body)
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    with peer(answer(head + content), trusted_here) as server:
        reply = program.register(
            redirect_uris=[BACK, "https://b.example.com/"],
            subject_type="pairwise",
            sector_identifier_uri=f"https://127.0.0.1:{server.port}/sector.json",
        )

    assert reply.status_code == expected, reply.text


def says(answer: Any, words: str) -> bool:
    """Whether a token is refused with these words, in body and header alike (RFC 6750 3)."""
    assert answer.status_code == 401, answer.text
    said = answer.json["error_description"]
    told = f'Bearer realm="gatehouse", error="invalid_token", error_description="{said}"'
    return bool(answer.headers["WWW-Authenticate"] == told and words in said)


def test_it_is_off_until_an_operator_turns_it_on(open_app: Flask, make_app: Any, address: str):
    """DCR-12, DISC-15, ruling 29, threat 184."""
    off, on = Program(open_app, address), Program(make_app(**OPEN), address)
    told = on.done()

    answer = off.register(**LEAST)
    assert (answer.status_code, answer.json["error"]) == (404, "invalid_request")
    assert "cannot register themselves here" in answer.json["error_description"]
    for method in ("GET", "PUT", "DELETE"):
        assert off.call(method, told).status_code == 404
    configuration = "/.well-known/openid-configuration"
    assert "registration_endpoint" not in off.http.get(configuration).json
    endpoint = on.http.get(configuration).json["registration_endpoint"]
    assert endpoint == f"{ISSUER}/oidc/register"


def test_anybody_registers_but_not_often(make_app: Any, address: str):
    limits = {**OPEN, "RATELIMIT_REGISTRATION": "2/hour"}
    program = Program(make_app(**limits), address)

    said = [program.register(**LEAST).status_code for _ in range(3)]

    assert said == [201, 201, 429]


@pytest.fixture
def by_token(make_app: Any, address: str) -> Program:
    return Program(make_app(OIDC_REGISTRATION="token", **WIDE), address)


def test_a_token_registers_clients_of_its_organization(
    by_token: Program, make: Factory, db: Session
):
    """DCR-12."""
    org = make.organization()
    headers = make.bearer(make.member(org, Role.ADMIN))
    root = f"/api/v1/organizations/{org.id}/clients/registration-tokens"
    made = by_token.http.post(root, json={"uses": 2, "hours": 1}, headers=headers).json["data"]
    token = made["registration_token"]["token"]

    assert refused(by_token.register(token, redirect_uris=["x"])) == "invalid_redirect_uri"
    first, second, third = (by_token.register(token, **LEAST) for _ in range(3))

    assert (first.status_code, second.status_code, third.status_code) == (201, 201, 401)
    assert says(third, "is used up.")
    row = db.scalar(select(Client).where(Client.client_id == first.json["client_id"]))
    assert (row.org_id, row.settings["access_policy"]) == (org.id, "organizations")
    listed = by_token.http.get(root, headers=headers).json["data"]
    assert token not in str(listed)
    (shown,) = listed["registration_tokens"]
    assert shown["uses_left"] == 0
    gone = by_token.http.delete(f"{root}/{shown['id']}", headers=headers)
    assert gone.status_code == 200
    assert by_token.http.delete(f"{root}/{shown['id']}", headers=headers).status_code == 404


def test_a_token_that_does_not_hold_registers_nothing(
    by_token: Program, open_app: Flask, runtime: Runtime
):
    bare = by_token.register(**LEAST)
    assert (bare.status_code, bare.headers["WWW-Authenticate"]) == (401, 'Bearer realm="gatehouse"')
    assert "Send an initial access token" in bare.json["error_description"]
    command = ["oidc", "registration-token", "--uses", "3", "--hours", "1"]
    told = open_app.test_cli_runner().invoke(args=command)
    token = told.stdout.strip()
    assert told.exit_code == 0, told.stderr
    assert "OIDC_REGISTRATION is off" in told.stderr
    told = open_app.test_cli_runner().invoke(args=[*command, "--organization", "no-such"])
    assert (told.exit_code, "no organization" in told.stderr) == (1, True)
    assert by_token.register(token, **LEAST).status_code == 201
    for wrong in (token[:-1], f"{token} x"):
        assert says(by_token.register(wrong, **LEAST), "this is something else.")
    for wrong in ("x", token.swapcase()):
        other = by_token.register(wrong, **LEAST)
        assert (other.status_code, other.json["error"]) == (401, "invalid_token")
        assert "send an initial access token" in other.json["error_description"]
    assert says(by_token.register(mint("gia_"), **LEAST), "is unknown, or was revoked.")
    with unit_of_work(runtime, Origin("test")) as ctx:
        ended = update(RegistrationToken)
        ended = ended.where(RegistrationToken.token_hash == hash_token(token))
        ctx.execute(ended.values(expires_at=ctx.now))
    assert says(by_token.register(token, **LEAST), "is too old.")


def test_who_looks_after_a_registration_is_told_which_token_to_send(make_app: Any, address: str):
    """DCR-12: and whoever does not have it learns nothing of the client."""
    program = Program(make_app(**OPEN), address)
    told = program.done()
    bare = program.call("GET", {**told, "registration_access_token": None})
    other = program.call("GET", {**told, "registration_access_token": mint("gra_")})
    nobody = program.call(
        "GET", {**told, "registration_client_uri": f"{told['registration_client_uri']}0"}
    )

    assert (bare.status_code, bare.headers["WWW-Authenticate"]) == (401, 'Bearer realm="gatehouse"')
    assert "Send the registration_access_token" in bare.json["error_description"]
    assert says(other, "This is not the registration access token of this client.")
    assert nobody.json == other.json
    assert nobody.headers["WWW-Authenticate"] == other.headers["WWW-Authenticate"]


def test_of_many_at_once_a_token_registers_as_many_as_it_says(
    by_token: Program, make: Factory, address: str
):
    """DCR-12, DCR-27: one conditional statement decides."""
    org = make.organization()
    headers = make.bearer(make.member(org, Role.ADMIN))
    root = f"/api/v1/organizations/{org.id}/clients/registration-tokens"
    made = by_token.http.post(root, json={"uses": 2}, headers=headers).json["data"]
    token = made["registration_token"]["token"]
    programs = [Program(by_token.app, address) for _ in range(6)]

    with ThreadPoolExecutor(6) as threads:
        replies = list(threads.map(lambda one: one.register(token, **LEAST), programs))

    assert sorted(reply.status_code for reply in replies) == [201, 201, 401, 401, 401, 401]
    told = next(reply.json for reply in replies if reply.status_code == 201)
    sent = {"client_id": told["client_id"], **LEAST}
    with ThreadPoolExecutor(6) as threads:
        replies = list(threads.map(lambda one: one.call("PUT", told, json=sent), programs))

    assert sorted(reply.status_code for reply in replies) == [200, 401, 401, 401, 401, 401]
