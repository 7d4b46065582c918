"""The REST API as a resource: access tokens of the built-in client act for a person (ruling 30)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from gatehouse.accounts.models import User
from gatehouse.clients.models import Client, ClientUse
from gatehouse.clients.queries import find_client
from gatehouse.clients.service import write_uses
from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.service.tokens import Issue, access_token
from gatehouse.policies.rules import Mode
from gatehouse.sessions.models import Session
from gatehouse.signing_keys.service import prepare
from tests.conftest import WIDE
from tests.factories import Factory
from tests.mfa.owners import give_app
from tests.oidc_provider.of_persons import API, LOOPBACK, OFFLINE, SESSION, headers_of, tokens_of
from tests.policies.demands import SHUT_OUT, Demanding, told
from tests.proving import Shown, Signer
from tests.relying import Person, Rp, answer_of


@pytest.mark.parametrize("scope", [SESSION, OFFLINE])
def test_the_command_line_acts_for_a_person(
    client: FlaskClient, person: Person, cli: Rp, user: User, scope: str
):
    tokens = tokens_of(person, cli, scope)
    headers = headers_of(tokens["access_token"])

    me = client.get("/api/v1/auth/me", headers=headers)

    assert me.status_code == 200, me.text
    assert me.json["data"]["user"]["id"] == str(user.id)
    assert "X-RateLimit-Remaining" in me.headers
    found = client.get("/api/v1/auth/sessions", headers=headers).json["data"]["sessions"]
    assert [one["is_current"] for one in found] == [scope == SESSION]
    made = client.post("/api/v1/organizations", headers=headers, json={"name": "Made by token"})
    assert made.status_code == 201, made.text
    assert cli.userinfo(tokens["access_token"]).status_code == 401
    if scope == OFFLINE:
        again = cli.refresh(tokens["refresh_token"]).json["access_token"]
        assert client.get("/api/v1/auth/me", headers=headers_of(again)).status_code == 200


def test_a_policy_asks_a_program_for_what_its_token_says_was_used(
    client: FlaskClient, person: Person, cli: Rp, make: Factory, user: User, runtime: Runtime
):
    """Threats 80 and 127."""
    place = Demanding(make, runtime, Mode.REQUIRE_TOTP)
    place.join(user=user)
    weak = headers_of(tokens_of(person, cli, OFFLINE)["access_token"])
    assert told(client.get(place.path(), headers=weak)) == SHUT_OUT
    place.give_app(user.id)

    with runtime.reading() as db:
        session = db.scalar(select(Session).where(Session.user_id == user.id))
    make.change(session, amr="pwd otp")
    strong = headers_of(tokens_of(person, cli, OFFLINE)["access_token"])

    assert told(client.get(place.path(), headers=weak)) == (403, "STEP_UP_REQUIRED")
    assert client.get(place.path(), headers=strong).status_code == 200


def test_calls_by_token_are_counted_and_calls_by_session_are_not(
    client: FlaskClient, person: Person, cli: Rp, make: Factory, user: User, runtime: Runtime
):
    headers, own = headers_of(tokens_of(person, cli, OFFLINE)["access_token"]), make.bearer(user)
    of_api = select(ClientUse.count).where(
        ClientUse.client_row_id == cli.client.id, ClientUse.kind == "api"
    )

    def counted() -> int:
        write_uses(runtime)
        with runtime.reading() as db:
            return sum(db.scalars(of_api))

    before = counted()
    for one in (headers, headers, own, headers_of("a.b.c")):
        client.get("/api/v1/auth/me", headers=one)

    assert counted() - before == 2


def test_what_is_done_to_the_own_session_needs_one(client: FlaskClient, person: Person, cli: Rp):
    headers = headers_of(tokens_of(person, cli, OFFLINE)["access_token"])

    for path in ("logout", "sessions/refresh", "reauthenticate"):
        body = {"password": person.password} if path == "reauthenticate" else {}
        answer = client.post(f"/api/v1/auth/{path}", headers=headers, json=body)
        assert (answer.status_code, answer.json["error"]["type"]) == (403, "AUTHORIZATION_ERROR")
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200


def test_signing_out_everywhere_else_keeps_what_asks_for_it(
    client: FlaskClient, person: Person, cli: Rp, make: Factory, user: User, rp: Rp
):
    other = person.tokens_for(rp, scope="openid offline_access")
    tokens = tokens_of(person, cli, OFFLINE)
    session = make.bearer(user)

    answer = client.delete("/api/v1/auth/sessions", headers=headers_of(tokens["access_token"]))

    assert answer.json["data"]["ended"] == 2
    assert client.get("/api/v1/auth/me", headers=session).status_code == 401
    assert rp.refresh(other["refresh_token"]).json["error"] == "invalid_grant"
    again = cli.refresh(tokens["refresh_token"])
    assert again.status_code == 200
    headers = headers_of(again.json["access_token"])
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200


def test_elevated_acts_need_a_fresh_sign_in(
    client: FlaskClient, person: Person, cli: Rp, runtime: Runtime, user: User
):
    """STEP-01, STEP-03: the time is that of the token, and a newer one is to be had."""
    fresh = tokens_of(person, cli, OFFLINE)
    with unit_of_work(runtime, Origin("test")) as ctx:
        stale = token_of(ctx, cli, fresh, cli, auth_time=ctx.now - timedelta(hours=1))

    for token, expected in ((stale, 401), (fresh["access_token"], 200)):
        answer = client.delete("/api/v1/users/me", headers=headers_of(token), json={})
        assert answer.status_code == expected, answer.text
        if expected == 401:
            assert answer.json["error"]["type"] == "REAUTHENTICATION_REQUIRED"
            challenge = answer.headers["WWW-Authenticate"]
            assert 'error="insufficient_user_authentication"' in challenge
            assert 'max_age="600"' in challenge


def test_elevated_acts_need_the_factor_of_whoever_has_one(
    client: FlaskClient, person: Person, cli: Rp, make: Factory, runtime: Runtime, user: User
):
    """STEP-03: which sign-in is wanted stands in the challenge."""
    tokens = tokens_of(person, cli, OFFLINE)
    give_app(runtime, user.id)
    with runtime.reading() as db:
        session = db.scalar(select(Session).where(Session.user_id == user.id))
    make.change(session, mfa_time=session.auth_time)
    with unit_of_work(runtime, Origin("test")) as ctx:
        family = UUID(cli.read(tokens["access_token"]).claims["fid"])
        amr = ("pwd", "otp")
        strong = token_of(ctx, cli, tokens, cli, acr="mfa", amr=amr, family_id=family)

    for token, expected in ((tokens["access_token"], 401), (strong, 200)):
        answer = client.get("/api/v1/users/me/export", headers=headers_of(token))
        assert answer.status_code == expected, answer.text
        if expected == 401:
            assert answer.json["error"]["type"] == "STEP_UP_REQUIRED"
            challenge = answer.headers["WWW-Authenticate"]
            assert 'error="insufficient_user_authentication"' in challenge
            assert 'acr_values="mfa"' in challenge


def token_of(ctx: Context, cli: Rp, tokens: dict[str, Any], maker: Rp, **more: Any) -> str:
    """A token like the one that was given, with something else in it."""
    prepare(ctx)
    claims = cli.read(tokens["access_token"]).claims
    client = find_client(ctx.runtime, maker.client_id)
    usual = {
        "sub": claims["sub"],
        "scopes": claims["scope"].split(),
        "audience": [API],
        "grant_id": claims["gid"],
        "auth_time": ctx.now,
    }
    return access_token(ctx, client, Issue(**{**usual, **more})).text


def test_no_other_token_opens_the_api(
    client: FlaskClient, person: Person, cli: Rp, runtime: Runtime, rp: Rp, make_rp: Any
):
    """AT-03, AT-04, BCP-22, CORE-53: nothing that is for somebody else, or for more than us."""
    tokens = tokens_of(person, cli, OFFLINE)
    with unit_of_work(runtime, Origin("test")) as ctx:
        made = {
            "right": token_of(ctx, cli, tokens, cli),
            "of another client": token_of(ctx, cli, tokens, rp),
            "for userinfo": token_of(ctx, cli, tokens, cli, audience=[]),
            "for two": token_of(ctx, cli, tokens, cli, audience=[API, "https://x.example"]),
            "without the scope": token_of(ctx, cli, tokens, cli, scopes=["openid"]),
            "bound to a key": token_of(ctx, cli, tokens, cli, binding="jkt:abc"),
            "bound to a certificate": token_of(ctx, cli, tokens, cli, binding="x5t:abc"),
            "exchanged": token_of(ctx, cli, tokens, cli, extra={"act": {"sub": "x"}}),
            "of the client itself": token_of(ctx, cli, tokens, cli, grant_id=None),
            "over": token_of(ctx, cli, tokens, cli, most_seconds=0),
        }
    made |= {"ID token": tokens["id_token"], "refresh token": tokens["refresh_token"]}
    made["changed"] = made["right"][:-4] + "AAAA"

    for name, token in made.items():
        answer = client.get("/api/v1/auth/me", headers=headers_of(token))
        assert answer.status_code == (200 if name == "right" else 401), name


def bound_to(signer: Signer, person: Person, cli: Rp) -> str:
    wish = {"redirect_uri": LOOPBACK, "scope": OFFLINE, "resource": API}
    proof = {"DPoP": signer.proof()}
    answer = cli.redeem(person.code_for(cli, **wish), redirect_uri=LOOPBACK, headers=proof)
    assert (answer.status_code, answer.json["token_type"]) == (200, "DPoP"), answer.text
    return str(answer.json["access_token"])


def test_a_token_that_is_bound_to_a_key_is_shown_with_a_proof_of_each_request(
    client: FlaskClient, person: Person, cli: Rp
):
    """DPOP-01, DPOP-02, DPOP-04, DPOP-11, DPOP-13: at the REST API (RFC 9449 7.1)."""
    signer = Signer()
    token = bound_to(signer, person, cli)

    def ask(path: str, proof: str | None, scheme: str = "DPoP", method: str = "GET") -> Any:
        headers = {"Authorization": f"{scheme} {token}"} | ({"DPoP": proof} if proof else {})
        return client.open(f"/api/v1/{path}", method=method, headers=headers, json={})

    def proof(path: str, method: str = "GET", **claims: Any) -> str:
        return signer.proof(f"{API}/{path}", method, token=token, **claims)

    for scheme, path in (("DPoP", "auth/me"), ("dpop", "users/me/consents?page=1")):
        answer = ask(path, proof(path), scheme)
        assert answer.status_code == 200, answer.text
    (one,) = answer.json["data"]["consents"]
    gone = f"users/me/consents/{one['id']}"
    assert ask(gone, proof("users/me/consents/x", "DELETE"), method="DELETE").status_code == 401
    spent = proof("auth/me")
    assert ask("auth/me", spent).status_code == 200
    refused = {
        "used before": (ask("auth/me", spent), "invalid_dpop_proof"),
        "without a proof": (ask("auth/me", None), "invalid_dpop_proof"),
        "of another key": (
            ask("auth/me", Signer().proof(f"{API}/auth/me", "GET", token=token)),
            "invalid_token",
        ),
        "of another token": (ask("auth/me", proof("auth/me", ath="x")), "invalid_dpop_proof"),
        "of another method": (ask("auth/me", proof("auth/me", "POST")), "invalid_dpop_proof"),
        "of another path": (ask("auth/me", proof("auth/sessions")), "invalid_dpop_proof"),
        "as if it were free": (ask("auth/me", None, "Bearer"), "invalid_token"),
        "as both": (ask("auth/me", proof("auth/me"), "Bearer"), "invalid_token"),
    }
    for name, (answer, error) in refused.items():
        challenge = answer.headers["WWW-Authenticate"]
        assert (answer.status_code, answer.json["error"]["type"]) == (401, "INVALID_TOKEN"), name
        assert challenge.startswith('DPoP realm="gatehouse", algs="'), name
        assert f'error="{error}"' in challenge, name
    assert ask(gone, proof(gone, "DELETE"), method="DELETE").status_code == 200
    assert ask("auth/me", proof("auth/me")).status_code == 401


def test_a_token_that_is_not_bound_is_not_shown_with_a_proof(
    client: FlaskClient, person: Person, cli: Rp, make: Factory, user: User
):
    """DPOP-02: a session is no such token either."""
    free = tokens_of(person, cli, OFFLINE)["access_token"]
    session = make.bearer(user)["Authorization"].partition(" ")[2]

    for token in (free, session):
        proof = Signer().proof(f"{API}/auth/me", "GET", token=token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        assert client.get("/api/v1/auth/me", headers=headers).status_code == 401


def test_the_api_asks_for_a_nonce_where_the_client_does(
    client: FlaskClient, person: Person, cli: Rp, runtime: Runtime, make_rp: Any
):
    """DPOP-12: the next one comes with every answer, also to whom has no business here."""
    signer, rp = Signer(), make_rp(dpop_require_nonce=True)
    tokens = tokens_of(person, cli, OFFLINE)
    with unit_of_work(runtime, Origin("test")) as ctx:
        token = token_of(ctx, cli, tokens, rp, binding=f"jkt:{signer.jkt}")

    def ask(**claims: Any) -> Any:
        proof = signer.proof(f"{API}/auth/me", "GET", token=token, **claims)
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        return client.get("/api/v1/auth/me", headers=headers)

    first = ask()
    second = ask(nonce=first.headers["DPoP-Nonce"])

    assert [answer.status_code for answer in (first, second)] == [401, 401]
    assert 'error="use_dpop_nonce"' in first.headers["WWW-Authenticate"]
    assert 'error="invalid_token"' in second.headers["WWW-Authenticate"]
    assert len(second.headers.getlist("DPoP-Nonce")) == 1


def test_a_token_that_is_bound_to_a_certificate_is_shown_with_it(
    make_app: Any, runtime: Runtime, person: Person, cli: Rp
):
    """MTLS-02, MTLS-05: at the REST API, from the proxy that may say so (RFC 8705 3)."""
    tokens = tokens_of(person, cli, OFFLINE)
    shown, other = Shown(), Shown()
    with unit_of_work(runtime, Origin("test")) as ctx:
        token = token_of(ctx, cli, tokens, cli, binding=f"x5t:{shown.x5t}")
    proxied = {"CLIENT_CERT_HEADER": "Client-Cert", "CLIENT_CERT_PROXIES": "192.0.2.0/24"}
    http = make_app(**WIDE, **proxied).test_client()

    def ask(certificate: str | None, address: str = "192.0.2.80") -> int:
        headers = headers_of(token) | ({"Client-Cert": certificate} if certificate else {})
        base = {"REMOTE_ADDR": address}
        return http.get("/api/v1/auth/me", headers=headers, environ_base=base).status_code

    assert ask(shown.rfc9440) == 200
    assert [ask(other.rfc9440), ask(None), ask(shown.rfc9440, "203.0.113.5")] == [401] * 3


def test_no_other_client_is_given_such_tokens(person: Person, make_rp: Any):
    rp = make_rp(resources=[API], scopes=["openid", "api"])

    answer = person.go_through(rp.url(scope="openid api", resource=API))

    assert answer_of(answer.headers["Location"])["error"] == "invalid_target"


def test_a_yes_to_the_command_line_is_good_for_once(person: Person, cli: Rp):
    """Whatever listens on a loopback address can pass for it (RFC 8252 8.6)."""
    tokens_of(person, cli, SESSION)

    wish = {"redirect_uri": LOOPBACK, "scope": SESSION, "resource": API}
    silent = person.open(cli.url(prompt="none", **wish))

    assert answer_of(silent.headers["Location"])["error"] == "consent_required"


def test_what_is_built_in_is_as_the_code_says(runtime: Runtime):
    before = find_client(runtime, "gatehouse-cli")
    assert before is not None
    row = update(Client).where(Client.client_id == "gatehouse-cli")
    wide = {"scopes": ["all"], "redirect_uris": ["https://evil.example"]}
    with runtime.short.connect() as own:
        kept = own.scalar(select(Client.settings).where(Client.id == before.id))
        own.execute(row.values(settings=wide))
        found = find_client(runtime, "gatehouse-cli")
        own.execute(row.values(settings=kept))

    assert found is not None
    assert found.options == before.options
    assert found.is_built_in
    assert found.org_id is None
    assert found.options.resources == (API,)


def test_what_was_taken_back_opens_nothing(
    client: FlaskClient, person: Person, cli: Rp, make: Factory, user: User
):
    tokens = tokens_of(person, cli, OFFLINE)
    headers, own = headers_of(tokens["access_token"]), make.bearer(user)
    (one,) = client.get("/api/v1/users/me/consents", headers=own).json["data"]["consents"]

    client.delete(f"/api/v1/users/me/consents/{one['id']}", headers=own)

    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
