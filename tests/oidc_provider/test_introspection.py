"""What a token is good for: told to whom it is for, and to whom it was given (INTR-01..10).

Threats 24 and 41 too.
"""

from typing import Any

import pytest
from joserfc import jwt

from gatehouse.accounts.models import User
from gatehouse.core.runtime import Runtime
from tests.factories import Factory
from tests.relying import ISSUER, Person, Rp, basic, serve

RESOURCE = "https://api.example.com/v1"
JWT = "application/token-introspection+jwt"


@pytest.fixture
def resource(runtime: Runtime, user: User) -> str:
    return f"{RESOURCE}/{user.id}"


def test_all_that_the_rfc_names_is_told(person: Person, rp: Rp, user: User):
    """INTR-01, 06; STEP-01."""
    tokens = person.tokens_for(rp, scope="openid email")

    answer = rp.introspect(tokens["access_token"])

    told = answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    assert told["active"] is True
    assert (told["iss"], told["sub"], told["aud"]) == (ISSUER, str(user.id), ISSUER)
    assert (told["client_id"], told["scope"]) == (rp.client_id, "openid email")
    assert told["exp"] - told["iat"] == 600
    assert told["nbf"] == told["iat"]
    assert (told["token_type"], told["acr"], told["amr"]) == ("Bearer", "pwd", ["pwd"])
    assert {"jti", "auth_time", "sid"} <= told.keys()
    assert not {"gid", "fid", "wishes"} & told.keys()


@pytest.mark.parametrize(
    ("scope", "subject_type", "is_told"),
    [
        ("openid profile email", "public", True),
        ("openid profile", "public", False),
        ("openid email", "public", False),
        ("openid profile email", "pairwise", False),
    ],
)
def test_a_person_is_named_where_userinfo_names_them(
    scope: str, subject_type: str, person: Person, make_rp: Any, *, is_told: bool
):
    """INTR-01, CORE-62: and no name undoes a pairwise subject."""
    rp = make_rp(subject_type=subject_type)
    token = person.tokens_for(rp, scope=scope)["access_token"]

    told = rp.introspect(token).json

    assert told.get("username") == (person.email if is_told else None)
    if is_told:
        assert rp.userinfo(token).json["preferred_username"] == told["username"]


@pytest.mark.parametrize("kind", ["public", "pairwise"])
def test_a_refresh_token_is_told_too(person: Person, make_rp: Any, kind: str):
    """INTR-01: with whose it is as the client knows them, and whom it is for: us."""
    rp = make_rp(subject_type=kind)
    tokens = person.tokens_for(rp, scope="openid offline_access")

    told = rp.introspect(tokens["refresh_token"]).json

    assert told["sub"] == rp.read(tokens["id_token"]).claims["sub"]
    assert (told["iss"], told["aud"], told["client_id"]) == (ISSUER, ISSUER, rp.client_id)
    assert (told["active"], told["token_type"]) == (True, "refresh_token")


def test_no_claim_of_a_client_takes_the_place_of_what_introspection_says(
    person: Person, make_rp: Any
):
    """INTR-01, threat 192: settings from before the names were refused say nothing either."""
    names = ("active", "token_type", "username", "scope", "nbf", "stays", "came_of", "wishes")
    said = {"source": "constant", "value": "mallory", "in": ["access_token", "id_token"]}
    rp = make_rp(subject_type="pairwise", claims_mappers=[{"claim": n, **said} for n in names])
    token = person.tokens_for(rp, scope="openid profile")["access_token"]

    told = rp.introspect(token).json

    assert (told["active"], told["token_type"]) == (True, "Bearer")
    assert "mallory" not in told.values()
    assert "mallory" not in rp.read(token).claims.values()


def test_whatever_does_not_count_is_inactive_and_no_more(person: Person, rp: Rp, make_rp: Any):
    """INTR-02, 05, 09: exactly that, whatever the reason."""
    tokens = person.tokens_for(rp, scope="openid offline_access")
    of_another = person.tokens_for(make_rp(), scope="openid offline_access")
    revoked = person.tokens_for(rp)["access_token"]
    rp.revoke(revoked)
    spent = tokens["refresh_token"]
    fresh = rp.refresh(spent).json["refresh_token"]
    assert rp.introspect(fresh).json["token_type"] == "refresh_token"

    for token in (
        *("nonsense", "a.b.c", "grt_x", "é", tokens["id_token"], revoked, spent),
        *(of_another["access_token"], of_another["refresh_token"]),
    ):
        assert rp.introspect(token).json == {"active": False}


def test_who_asks_has_to_prove_it(person: Person, rp: Rp, make_rp: Any):
    """INTR-03, 06, 07, 09."""
    access = person.tokens_for(rp)["access_token"]
    public = make_rp(token_endpoint_auth_method="none")
    http, url = rp.http, "/oidc/introspect"

    assert http.post(url, data={"token": access}).status_code == 401
    wrong = basic(rp.client_id, "wrong")
    assert http.post(url, data={"token": access}, headers=wrong).status_code == 401
    assert http.get(url, headers=basic(rp.client_id)).status_code == 405
    none = http.post(url, headers=basic(rp.client_id))
    assert (none.status_code, none.json["error"]) == (400, "invalid_request")
    of_public = person.tokens_for(public)["access_token"]
    for token in (access, of_public):
        unproven = http.post(url, data={"token": token, "client_id": public.client_id})
        assert (unproven.status_code, unproven.json["error"]) == (401, "invalid_client")
        assert unproven.headers["WWW-Authenticate"].startswith("Basic")
    assert public.revoke(of_public).status_code == 200  # RFC 7009 5 lets them.
    assert public.userinfo(of_public).status_code == 401


def test_a_resource_server_sees_tokens_for_its_resource_alone(
    person: Person, make_rp: Any, make: Factory, runtime: Runtime, user: User, resource: str
):
    """INTR-10; RI, threats 41 and 183."""
    org = make.organization()
    make.member(org, user=user)
    server, other = make_rp(org), make_rp(org)
    shy = make_rp(org, introspection_allowed="own")
    serve(runtime, server, resource)
    serve(runtime, other, f"{resource}/other")
    rp = make_rp(org, resources=[resource])
    access = person.tokens_for(rp, resource=resource)["access_token"]
    for_us = person.tokens_for(rp)["access_token"]

    assert server.introspect(access).json["aud"] == resource
    assert rp.introspect(access).json["active"] is True
    for asker, token in ((other, access), (shy, access), (server, for_us)):
        assert asker.introspect(token).json == {"active": False}


@pytest.mark.parametrize("by", ["header", "setting"])
def test_the_answer_can_be_a_proof(person: Person, make_rp: Any, by: str):
    """INTR-08 (RFC 9701)."""
    chosen = {"introspection_signed_response_alg": "ES256"} if by == "setting" else {}
    rp = make_rp(**chosen)
    headers = basic(rp.client_id) | ({"Accept": JWT} if by == "header" else {})
    access = person.tokens_for(rp)["access_token"]

    for token, is_active in ((access, True), ("nonsense", False)):
        answer = rp.http.post("/oidc/introspect", data={"token": token}, headers=headers)

        assert answer.mimetype == JWT
        found = jwt.decode(answer.text, rp.keys(), algorithms=["RS256", "ES256"])
        assert found.header["typ"] == "token-introspection+jwt"
        assert found.claims.keys() == {"iss", "aud", "iat", "token_introspection"}
        assert (found.claims["iss"], found.claims["aud"]) == (ISSUER, rp.client_id)
        assert found.claims["token_introspection"]["active"] is is_active
    # It is told of a token, and is none itself.
    assert rp.userinfo(answer.text).status_code == 401
    assert rp.introspect(answer.text).status_code == 200


def test_tokens_of_clients_themselves_are_told_too(make_rp: Any):
    """OAUTH-24, AT-07: no person, no session."""
    rp = make_rp(grant_types=["client_credentials"], scopes=["things:read"])
    access = rp.token(grant_type="client_credentials", scope="things:read").json["access_token"]

    told = rp.introspect(access).json

    assert (told["sub"], told["scope"]) == (rp.client_id, "things:read")
    assert not {"sid", "auth_time", "acr"} & told.keys()
    rp.revoke(access)
    assert rp.introspect(access).json == {"active": False}
