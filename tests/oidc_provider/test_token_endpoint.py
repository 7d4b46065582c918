"""The token endpoint: what it takes, whom it knows, and that a code is good once (RFC 6749)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gatehouse.core.tokens import hash_token
from gatehouse.oidc_provider.models import AuthorizationCode
from tests.relying import SECRET, Person, Rp, basic, s256

CODE = {"grant_type": "authorization_code"}


def refused(answer: Any, error: str, status: int = 400) -> None:
    """Whether it is a refusal in the words of RFC 6749 5.2, that nobody keeps."""
    assert (answer.status_code, answer.json["error"]) == (status, error), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"


def test_answers_are_json_and_kept_by_nobody(person: Person, rp: Rp):
    """OAUTH-02, OAUTH-03, OAUTH-23, CORE-01."""
    answer = rp.redeem(person.code_for(rp, scope="openid email"))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    assert answer.json["scope"] == "openid email"
    assert answer.json["expires_in"] == 600
    assert "refresh_token" not in answer.json  # RT-11: nobody asked to stay.


def test_only_a_posted_form_is_read(rp: Rp):
    """OAUTH-01, OAUTH-20, OAUTH-21, OAUTH-22."""
    proof = basic(rp.client_id)
    assert rp.http.get("/oidc/token", headers=proof).status_code == 405
    in_address = rp.http.post("/oidc/token?grant_type=client_credentials", headers=proof)
    refused(in_address, "invalid_request")
    as_json = rp.http.post("/oidc/token", json={"grant_type": "x"}, headers=proof)
    refused(as_json, "invalid_request")
    twice = {"grant_type": ["authorization_code", "refresh_token"]}
    refused(rp.http.post("/oidc/token", data=twice, headers=proof), "invalid_request")


def test_a_grant_type_is_named_known_and_the_clients_own(rp: Rp):
    """OAUTH-08, OAUTH-09, OAUTH-25, OAUTH-26, threats 37 and 48."""
    refused(rp.token(), "invalid_request")
    for unknown in ("password", "implicit", "x" * 500, "urn:ietf:params:oauth:grant-type:saml2"):
        refused(rp.token(grant_type=unknown), "unsupported_grant_type")
    refused(rp.token(grant_type="client_credentials"), "unauthorized_client")


def test_what_is_refused_leaves_a_line_for_the_developer(rp: Rp, caplog: Any):
    """Without it nobody learns from the log what an application does wrong."""
    with caplog.at_level("INFO", "gatehouse"):
        rp.token(**CODE, code="gac_of_nobody")
        rp.http.post("/oidc/par", data={"scope": "openid"}, headers=basic(rp.client_id))

    said = [one.getMessage() for one in caplog.records if "is refused" in one.getMessage()]
    assert [rp.client_id in line for line in said] == [True, True]
    assert "invalid_grant (unknown_code): " in said[0]
    assert "invalid_request: " in said[1]
    assert "gac_" not in caplog.text


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ({}, {}),
        ({}, {"client_id": "nobody"}),
        ({}, {"client_secret": SECRET}),
        ({}, {"client_id": "{id}"}),
        ({}, {"client_id": "{id}", "client_secret": "wrong"}),
        (basic("{id}", "wrong"), {}),
        (basic("nobody"), {}),
        ({"Authorization": "Basic"}, {}),
        ({"Authorization": "Basic %%%"}, {}),
        ({"Authorization": "Basic /////w=="}, {}),
        ({"Authorization": "Basic bm9jb2xvbg=="}, {}),
        ({"Authorization": "Bearer abc"}, {"client_id": "{id}"}),
        ({"Authorization": "Basic " + "A" * 60_000}, {}),
    ],
)
def test_a_client_that_proves_nothing_is_told_one_thing(
    rp: Rp, headers: dict[str, str], data: dict[str, str]
):
    """OAUTH-05, OAUTH-06, OAUTH-07, OAUTH-27, RT-09, threat 26."""
    data = {name: value.replace("{id}", rp.client_id) for name, value in data.items()}
    if headers == basic("{id}", "wrong"):
        headers = basic(rp.client_id, "wrong")

    answer = rp.http.post("/oidc/token", data={**CODE, **data}, headers=headers)

    refused(answer, "invalid_client", 401)
    assert answer.json["error_description"] == "The client could not be authenticated."
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_secret_counts_in_the_header_and_in_the_body_but_not_in_both(person: Person, rp: Rp):
    """OAUTH-04, OAUTH-19."""
    in_body = {"client_id": rp.client_id, "client_secret": SECRET}
    sent = {"grant_type": "authorization_code", "code": person.code_for(rp)}
    sent |= {"redirect_uri": rp.request()["redirect_uri"], "code_verifier": rp.verifier}
    proof = basic(rp.client_id)
    both = rp.http.post("/oidc/token", data={**sent, **in_body}, headers=proof)
    refused(both, "invalid_request")
    other = rp.http.post("/oidc/token", data={**sent, "client_id": "another"}, headers=proof)
    refused(other, "invalid_request")

    assert rp.http.post("/oidc/token", data={**sent, **in_body}).status_code == 200


def test_a_code_is_good_for_its_client_address_and_verifier_alone(
    person: Person, rp: Rp, make_rp: Any
):
    """OAUTH-10 to OAUTH-14, PKCE-02, PKCE-03, threats 16, 21, 23. A refusal spends nothing."""
    other = make_rp()
    code = person.code_for(rp)
    other.verifier = rp.verifier
    refused(rp.redeem("gac_unknown"), "invalid_grant")
    refused(rp.redeem("x" * 5000), "invalid_grant")
    refused(rp.token(**CODE), "invalid_request")
    refused(other.redeem(code), "invalid_grant")
    for wrong in ("https://app.example.com/callback/", "https://evil.example/", ""):
        if wrong:
            refused(rp.redeem(code, redirect_uri=wrong), "invalid_grant")
    for wrong in (None, "", "x" * 42, "x" * 129, "y" * 43, s256(rp.verifier)):
        refused(rp.redeem(code, code_verifier=wrong), "invalid_grant")

    assert rp.redeem(code).status_code == 200


def test_a_verifier_without_a_challenge_is_refused(person: Person, make_rp: Any):
    """PKCE-07, PKCE-11, threat 22: somebody may have taken the challenge away."""
    rp = make_rp(require_pkce=False)
    code = person.code_for(rp, code_challenge=None, code_challenge_method=None)

    refused(rp.redeem(code), "invalid_grant")
    assert rp.redeem(code, code_verifier=None).status_code == 200


def test_a_code_lives_a_minute(person: Person, rp: Rp, runtime: Any):
    """OAUTH-18."""
    code = person.code_for(rp)
    with runtime.writing() as db:
        row = AuthorizationCode.code_hash == hash_token(code)
        shift = timedelta(seconds=61)
        found = db.query(AuthorizationCode).filter(row).one()
        assert found.expires_at - found.created_at == timedelta(seconds=60)
        earlier = {"expires_at": found.expires_at - shift}
        db.execute(update(AuthorizationCode).where(row).values(**earlier))
        db.commit()

    refused(rp.redeem(code), "invalid_grant")


def test_of_many_who_redeem_a_code_at_once_one_gets_tokens(person: Person, rp: Rp):
    """OAUTH-15, OAUTH-16, OAUTH-17, threats 17 and 18. Then nothing that it gave counts."""
    code = person.code_for(rp, scope="openid offline_access")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: rp.redeem(code), range(8)))

    given = [answer for answer in answers if answer.status_code == 200]
    assert len(given) == 1
    assert {a.json["error"] for a in answers if a not in given} == {"invalid_grant"}
    assert rp.userinfo(given[0].json["access_token"]).status_code == 401
    refused(rp.refresh(given[0].json["refresh_token"]), "invalid_grant")


def test_a_program_gets_a_token_for_itself_alone(make_rp: Any):
    """OAUTH-24, AT-07, threat 35."""
    rp = make_rp(grant_types=["client_credentials"], scopes=["openid", "api:read", "api:write"])

    answer = rp.token(grant_type="client_credentials", scope="api:read openid")

    assert answer.status_code == 200
    assert not {"refresh_token", "id_token"} & set(answer.json)
    assert answer.json["scope"] == "api:read"
    token = rp.read(answer.json["access_token"])
    assert token.claims["sub"] == token.claims["client_id"] == rp.client_id
    assert rp.userinfo(answer.json["access_token"]).status_code in (401, 403)
    assert rp.introspect(answer.json["access_token"]).json["active"] is True
    refused(rp.token(grant_type="client_credentials", scope="other"), "invalid_scope")


def test_no_input_is_an_error_of_ours(rp: Rp):
    """OAUTH-29, threats 49 and 213."""
    odd = [
        "\x00",
        "\ud7ff",
        "ü" * 100,
        "%",
        "=&=&",
        "a" * 10_000,
        "\U0001f600" * 100,
        '{"a":',
        "\r\nX: y",
    ]
    for value in odd:
        for name in ("code", "grant_type", "refresh_token", "scope", "client_id", "redirect_uri"):
            answer = rp.token(**{"grant_type": "authorization_code", "code": "x", name: value})
            assert 400 <= answer.status_code < 500, (name, value)
    for raw in (b"\xff\xfe", b"&" * 5000, b"a=1&" * 200, b"x" * 70_000):
        form = "application/x-www-form-urlencoded"
        proof = basic(rp.client_id)
        answer = rp.http.post("/oidc/token", data=raw, headers=proof, content_type=form)
        assert 400 <= answer.status_code < 500, raw[:10]


def test_a_page_of_a_public_client_may_read_the_answer(make_rp: Any, rp: Rp, caplog: Any):
    """OAUTH-28, threat 88."""
    public = make_rp(token_endpoint_auth_method="none")
    own = {"Origin": "https://app.example.com"}

    answer = public.token(**CODE, code="gac_x", headers=own)
    assert answer.headers["Access-Control-Allow-Origin"] == own["Origin"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    caplog.set_level("INFO", "gatehouse")
    unread = f"A page may not read the answer: client_id={public.client_id} origin="
    for origin in ("https://evil.example", "null", "https://app.example.com.evil.example"):
        other = public.token(**CODE, code="gac_x", headers={"Origin": origin})
        assert f"{unread}{origin if '//' in origin else ':null'}" in caplog.messages
        assert "Access-Control-Allow-Origin" not in other.headers
    assert "Access-Control-Allow-Origin" not in rp.token(**CODE, headers=own).headers
    asked = {**own, "Access-Control-Request-Method": "POST"}
    assert public.http.options("/oidc/token", headers=asked).status_code == 204


@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        ({"redirect_uris": ["https://A.Example:443/c"]}, "https://a.example"),
        ({"redirect_uris": ["http://127.0.0.1:80/c"]}, "http://127.0.0.1"),
        ({"redirect_uris": ["http://localhost:3000/c"]}, "http://localhost:3000"),
        ({"redirect_uris": ["http://[::1]:3000/c"]}, "http://[::1]:3000"),
        ({"redirect_uris": ["com.example.app:/c", "https://b.example/c"]}, "https://b.example"),
        ({"allowed_cors_origins": ["https://a.example:443"]}, "https://a.example"),
        ({"allowed_cors_origins": ["https://a.example:80"]}, "https://a.example:80"),
    ],
)
def test_origins_are_compared_as_browsers_write_them(make_rp: Any, registered: Any, sent: str):
    """OAUTH-28, RFC 6454 6.2: in small letters, and without a usual port."""
    public = make_rp(token_endpoint_auth_method="none", **registered)

    answer = public.token(**CODE, code="gac_x", headers={"Origin": sent})
    other = public.token(**CODE, code="gac_x", headers={"Origin": "https://a.example:4430"})

    assert answer.headers["Access-Control-Allow-Origin"] == sent
    assert "Access-Control-Allow-Origin" not in other.headers


def test_a_machine_that_names_no_scope_gets_its_usual_ones(make_rp: Any):
    """OAUTH-23, OAUTH-24 (RFC 6749 3.3): those that are about people are not for it."""
    scopes = ["openid", "email", "roles", "offline_access", "api:read", "api:write"]
    rp = make_rp(
        grant_types=["client_credentials"],
        scopes=scopes,
        default_scopes=["openid", "roles", "offline_access", "api:read"],
    )

    answer = rp.token(grant_type="client_credentials").json

    assert answer["scope"] == "api:read"
    assert rp.read(answer["access_token"]).claims["scope"] == "api:read"


def test_where_no_scope_is_left_none_is_told(make_rp: Any):
    """OAUTH-23 (RFC 6749 appendix A.4): a scope is at least one word."""
    for form in ("jwt", "opaque"):
        rp = make_rp(
            grant_types=["client_credentials"], scopes=["openid"], access_token_format=form
        )

        answer = rp.token(grant_type="client_credentials").json
        told = rp.introspect(answer["access_token"]).json

        assert "scope" not in answer
        assert told["active"] is True
        assert "scope" not in told
        if form == "jwt":
            assert "scope" not in rp.read(answer["access_token"]).claims
        assert rp.userinfo(answer["access_token"]).status_code == 403
