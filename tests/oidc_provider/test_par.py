"""Pushed authorization requests (RFC 9126)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.oidc_provider.models import RequestKind, StoredRequest
from tests.conftest import WIDE
from tests.factories import Factory
from tests.proving import Signer, asserted
from tests.relying import ISSUER, REDIRECT, Person, Rp, answer_of, basic, make_client

URN = "urn:ietf:params:oauth:request_uri:"


def push(rp: Rp, **params: Any) -> Any:
    headers = {} if rp.is_public else basic(rp.client_id)
    return rp.http.post("/oidc/par", data=rp.request(**params), headers=headers)


def url(rp: Rp, uri: str, **more: str) -> str:
    bare = dict.fromkeys(rp.request())
    return rp.url(**{**bare, "client_id": rp.client_id, "request_uri": uri, **more})


def said_of(answer: Any) -> dict[str, str]:
    return answer_of(answer.headers.get("Location", ""))


def test_a_request_is_pushed_and_then_named(person: Person, rp: Rp):
    """PAR-01, PAR-03, PAR-10, CORE-07: what the address says beside the name counts for nothing."""
    answer = push(rp, state="pushed", scope="openid email", client_id=None)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["expires_in"] == 60
    uri = answer.json["request_uri"]
    assert uri.startswith(URN)
    assert len(uri) > len(URN) + 43

    evil = {"redirect_uri": "https://evil.example/", "scope": "openid", "state": "evil"}
    page = person.open(url(rp, uri, **evil))
    for _ in range(2):
        page = person.open(url(rp, uri))  # A reload.
    answer = person.consent(person.sign_in(page))

    assert answer.headers["Location"].startswith(REDIRECT)
    said = said_of(answer)
    assert (said["state"], said["iss"]) == ("pushed", ISSUER)
    assert rp.redeem(said["code"]).json["scope"] == "openid email"


def test_a_name_is_used_up_by_the_code(person: Person, rp: Rp):
    """PAR-02, PAR-03, threat 46."""
    person.code_for(rp)
    uri = push(rp, prompt="consent").json["request_uri"]
    first, second = person.open(url(rp, uri)), person.open(url(rp, uri))
    assert "code" in said_of(person.consent(first))

    assert said_of(person.consent(second))["error"] == "invalid_request_uri"
    assert said_of(person.open(url(rp, uri)))["error"] == "invalid_request_uri"


def test_of_many_at_once_one_gets_a_code(person: Person, rp: Rp):
    """PAR-02."""
    person.code_for(rp)
    uri = push(rp).json["request_uri"]
    cookie = person.http.get_cookie("gatehouse_session").value

    def open_it(_number: int) -> dict[str, str]:
        browser = Person(rp.app, person.email)
        browser.http.set_cookie("gatehouse_session", cookie)
        return said_of(browser.open(url(rp, uri)))

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(open_it, range(6)))

    assert sum("code" in said for said in told) == 1


def test_a_name_belongs_to_its_client_and_ends(
    person: Person, make_rp: Any, db: Any, make: Factory
):
    """PAR-04, PAR-09, threats 19, 20, 46."""
    rp = make_rp(redirect_uris=[REDIRECT, REDIRECT + "/2"])
    other = make_rp()
    uri = push(rp).json["request_uri"]
    assert said_of(person.open(url(other, uri)))["error"] == "invalid_request_uri"
    code = person.code_for(other)

    wrong = (uri[:-1] + ("a" if uri[-1] != "a" else "b"), URN, URN + "x", URN + code, uri + "x")
    row = db.query(StoredRequest).filter_by(kind=RequestKind.PUSHED, client_row_id=rp.client.id)
    make.change(row.one(), expires_at=row.one().created_at - timedelta(seconds=1))
    for each in (*wrong, uri):
        page = person.open(url(rp, each))
        assert (page.status_code, page.headers.get("Location")) == (400, None), each
        said = said_of(person.open(url(rp, each, redirect_uri=REDIRECT, state="s")))
        assert (said["error"], said["state"]) == ("invalid_request_uri", "s"), each


def test_what_is_wrong_is_told_to_the_client_itself(make_rp: Any):
    """PAR-05, PAR-06, PAR-07, PAR-08, CORE-12, RAR-01."""
    rp = make_rp()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "x"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"request_uri": URN + "x"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"resource": "https://api.example.com"}, "invalid_target"),
        ({"dpop_jkt": "x"}, "invalid_request"),
        ({"client_id": "another"}, "invalid_request"),
        ({"state": ["a", "b"]}, "invalid_request"),
    ]
    for params, error in cases:
        answer = push(rp, **params)
        assert (answer.status_code, answer.json["error"]) == (400, error), params
        assert "Location" not in answer.headers
    assert rp.http.get("/oidc/par").status_code == 405
    unproven = rp.http.post("/oidc/par", data=rp.request())
    assert (unproven.status_code, unproven.json["error"]) == (401, "invalid_client")
    wrong = rp.http.post("/oidc/par", data=rp.request(), headers=basic(rp.client_id, "wrong"))
    assert wrong.status_code == 401
    service = make_rp(grant_types=["client_credentials"])
    assert push(service).json["error"] == "unauthorized_client"


def test_no_proof_of_a_client_is_kept(rp: Rp, make_rp: Any, db: Any):
    """Threat 65."""
    posted = make_rp(token_endpoint_auth_method="client_secret_post")
    sent = {**posted.request(), "client_secret": "gcs_of_a_test_that_is_long_enough"}
    answer = posted.http.post("/oidc/par", data=sent)

    assert answer.status_code == 201
    row = db.query(StoredRequest).filter_by(client_row_id=posted.client.id).one()
    assert "client_secret" not in row.params
    assert answer.json["request_uri"].removeprefix(URN) not in str(row.params)


@pytest.mark.parametrize("options", [{"require_pushed_authorization_requests": True}])
def test_a_client_may_have_to_push(person: Person, make_rp: Any, options: dict[str, Any]):
    """PAR-11."""
    rp = make_rp(**options)
    said = said_of(person.open(rp.url()))
    assert (said["error"], said["state"]) == ("invalid_request", "some state")

    answer = person.go_through(url(rp, push(rp).json["request_uri"]))

    assert "code" in said_of(answer)


def test_an_instance_may_want_all_requests_pushed(person: Person, make_app: Any, address: str):
    """PAR-11, DISC-15: and says so."""
    app = make_app(OIDC_REQUIRE_PAR="true", **WIDE)
    rp = Rp(app, make_client(app.extensions["gatehouse"]), address)
    browser = Person(app, person.email, REMOTE_ADDR=address)

    said = said_of(browser.open(rp.url()))
    assert (said["error"], said["state"]) == ("invalid_request", "some state")
    assert "code" in said_of(browser.go_through(url(rp, push(rp).json["request_uri"])))
    for name in ("openid-configuration", "oauth-authorization-server"):
        found = rp.http.get(f"/.well-known/{name}").json
        assert found["require_pushed_authorization_requests"] is True


def test_a_public_client_pushes_little(make_rp: Any):
    """PAR-05: it proves nothing, and PKCE binds the request to it."""
    rp = make_rp(token_endpoint_auth_method="none")

    assert push(rp).status_code == 201
    assert push(rp, claims='{"x":"' + "y" * 9000 + '"}').status_code == 400
    assert push(rp, code_challenge=None, code_challenge_method=None).status_code == 400


def test_the_profile_fapi2_at_the_authorization_endpoint(person: Person, make_rp: Any):
    """FAPI-05, FAPI-04, PAR-11."""
    signer = Signer("PS256", "signs")
    options = {"profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt"}
    rp = make_rp(**options, require_pkce=False, jwks=signer.jwks)

    def push(rp: Rp, **params: Any) -> Any:
        data = asserted(signer.assertion(rp.client_id), **rp.request(**params))
        return rp.http.post("/oidc/par", data=data)

    bare = {"code_challenge": None, "code_challenge_method": None}
    assert push(rp, **bare).json["error"] == "invalid_request"
    assert push(rp, redirect_uri=None).json["error"] == "invalid_request"
    long = {"state": "s" * 1000, "nonce": "n" * 1000}

    said = said_of(person.go_through(url(rp, push(rp, **long).json["request_uri"])))

    assert said["state"] == long["state"]
    assert said["iss"] == ISSUER
    assert "code" in said


def test_a_proof_of_a_key_binds_what_is_pushed(person: Person, rp: Rp):
    """DPOP-06, FAPI-02: and another key that is named beside it is refused (RFC 9449 10.1)."""
    signer, other = Signer(), Signer()

    def pushed(**params: Any) -> Any:
        headers = {**basic(rp.client_id), "DPoP": signer.proof(f"{ISSUER}/oidc/par")}
        return rp.http.post("/oidc/par", data=rp.request(**params), headers=headers)

    assert pushed(dpop_jkt=other.jkt).json["error"] == "invalid_request"
    answer = person.go_through(url(rp, pushed().json["request_uri"]))
    code = said_of(answer)["code"]

    stolen = rp.redeem(code, headers={"DPoP": other.proof()})
    assert (stolen.status_code, stolen.json["error"]) == (400, "invalid_grant")
    assert rp.redeem(code, headers={"DPoP": signer.proof()}).status_code == 200
