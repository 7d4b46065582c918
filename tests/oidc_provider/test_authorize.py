"""The authorization endpoint: what it takes, what it refuses, and whom it tells."""

from typing import Any
from urllib.parse import urlencode

import pytest

from gatehouse.oidc_provider.service.lines import shown
from tests.relying import ISSUER, REDIRECT, SECRET, Person, Rp, answer_of, basic

FORM = "application/x-www-form-urlencoded"
JUNK_STATE = "a b\"<'>&=+%20/\u00fc\u2603;#"

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"scope": "nothing-known"}, "invalid_scope"),
    ({"scope": " ".join(f"s{n}" for n in range(1000))}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "whatever"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"claims": "{"}, "invalid_request"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ({"request_uri": "https://app.example.com/request.jwt"}, "request_uri_not_supported"),
    ({"resource": "https://api.example.com"}, "invalid_target"),
    ({"authorization_details": '[{"type":"pay"}]'}, "invalid_authorization_details"),
    ({"id_token_hint": "x.y.z"}, "invalid_request"),
    ({"dpop_jkt": "short"}, "invalid_request"),
    ({"state": "s" * 5000}, "invalid_request"),
    ({"nonce": "n" * 5000}, "invalid_request"),
    ({"organization": "o" * 101}, "invalid_request"),
]


def test_what_is_wrong_is_told_to_the_client(person: Person, rp: Rp):
    """CORE-14 to CORE-16, CORE-24, CORE-25, CORE-30, CORE-40, CORE-60, CORE-61, CORE-71, PKCE-05,
    PKCE-06, PKCE-08, PKCE-09, ISS-02, FP-04, RAR-01, threats 15, 23, 48, 49.
    """
    for params, error in REFUSED:
        answer = person.open(rp.url(**params))

        said = answer_of(answer.headers.get("Location", ""))
        assert answer.status_code == 303, params
        assert answer.headers["Location"].startswith(f"{REDIRECT}?"), params
        assert (said["error"], said["iss"]) == (error, ISSUER), params
        assert said["state"] == params.get("state", "some state")
        assert "code" not in said
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_errors_go_the_way_that_was_asked_for(person: Person, rp: Rp, mode: str):
    """FP-02, FP-05, ISS-02, CORE-18."""
    answer = person.open(rp.url(prompt="none", response_mode=mode))

    if mode == "form_post":
        assert 'value="login_required"' in answer.text
        assert f'name="iss" value="{ISSUER}"' in answer.text
        return
    sign = {"query": "?", "fragment": "#"}[mode]
    assert answer.headers["Location"].startswith(REDIRECT + sign)
    assert answer_of(answer.headers["Location"])["error"] == "login_required"


def test_the_answer_brings_what_it_has_to_and_nothing_else(person: Person, rp: Rp):
    """CORE-01, CORE-04, CORE-07, CORE-09, CORE-35, CORE-59, ISS-01, BCP-05, BCP-13, FAPI-04."""
    ignored = {"ui_locales": "se", "claims_locales": "xx", "display": "popup", "foo": "bar"}
    answer = person.go_through(rp.url(state=JUNK_STATE, nonce="n" * 1000, **ignored))

    said = answer_of(answer.headers["Location"])
    assert answer.status_code == 303
    assert said.keys() == {"code", "state", "iss"}
    assert said["state"] == JUNK_STATE
    assert said["iss"] == ISSUER
    assert len(said["code"]) > 43
    claims = rp.read(rp.redeem(said["code"]).json["id_token"]).claims
    assert claims["nonce"] == "n" * 1000


def test_what_was_not_sent_is_not_sent_back(person: Person, rp: Rp):
    """CORE-05, CORE-08."""
    answer = person.go_through(rp.url(state=None, nonce=None))

    said = answer_of(answer.headers["Location"])
    assert "state" not in said
    assert "nonce" not in rp.read(rp.redeem(said["code"]).json["id_token"]).claims


def test_a_parameter_that_comes_twice_is_refused(person: Person, rp: Rp):
    """CORE-17, threat 6: by the client only if it is clear which client, and where."""
    for name in ("state", "nonce", "scope", "response_type", "code_challenge", "foo", "foo"):
        answer = person.open(f"{rp.url(foo='1')}&{name}=again")
        said = answer_of(answer.headers["Location"])
        assert said["error"] == "invalid_request", name
        assert ("state" in said) is (name != "state")
    for name in ("client_id", "redirect_uri", "client%5Fid", "redirect%5Furi"):
        answer = person.open(f"{rp.url()}&{name}=https%3A%2F%2Fevil.example")
        assert (answer.status_code, answer.headers.get("Location")) == (400, None), name


def test_a_form_and_its_address_have_no_parameter_in_common(person: Person, rp: Rp):
    """CORE-17, threat 6: what its address says beside it counts for nothing, or is refused."""
    for name in ("state", "client_id", "redirect_uri", "scope", "resource", "foo", "client%5Fid"):
        sent = {**rp.request(), "foo": "1", "resource": "https://api.example.com"}
        for value in ("again", ""):
            answer = person.http.post(f"/oidc/authorize?{name}={value}", data=sent)
            assert (answer.status_code, answer.headers.get("Location")) == (400, None), name
            assert "It sent something twice" in answer.text

    beside = person.http.post("/oidc/authorize?prompt=none&bar=1&%ff=1", data=rp.request())
    assert beside.status_code == 303
    page = person.open(beside.headers["Location"])
    assert page.request.path == "/login"


def test_what_cannot_be_read_is_no_error_of_ours(person: Person, rp: Rp):
    """Threats 2, 49, BCP-10."""
    for junk in ("%ff", "%00", "%0d%0aSet-Cookie:a=b", "%ED%A0%80", "\xff"):
        for name in ("state", "client_id", "redirect_uri", "scope", "claims"):
            given = urlencode({k: v for k, v in rp.request().items() if k != name})
            answer = person.open(f"/oidc/authorize?{given}&{name}={junk}")
            assert answer.status_code in (200, 303, 400), (name, junk)
            assert "a=b" not in str(answer.headers.getlist("Set-Cookie"))
    for body in (b"", b"x" * 70_000, b"a&b&c", b"client_id=" + b"x" * 60_000):
        answer = person.http.post("/oidc/authorize", data=body, content_type=FORM)
        assert answer.status_code in (400, 413)
    assert person.http.post("/oidc/authorize", json=rp.request()).status_code == 400


def test_a_client_that_is_not_known_or_not_whole_leads_nowhere(
    person: Person, make_rp: Any, caplog: Any
):
    """CORE-10, CORE-11, CORE-13, threats 9, 24."""
    two = make_rp(redirect_uris=[REDIRECT, REDIRECT + "/2"])
    off = make_rp(fields={"is_active": False})
    cannot = make_rp(grant_types=["client_credentials"])
    caplog.set_level("WARNING", "gatehouse")
    cases = (
        (two.url(client_id=None), "no_client_id"),
        (two.url(client_id="nobody"), "unknown_client"),
        (two.url(client_id="x" * 200), "unknown_client"),
        (two.url(redirect_uri=None), "no_redirect_uri"),
        (two.url(redirect_uri="https://evil.example/"), "wrong_redirect_uri"),
        (off.url(), "switched_off"),
        (cannot.url(), "no_code_flow"),
    )
    for url, reason in cases:
        answer = person.open(url)
        assert (answer.status_code, answer.headers.get("Location")) == (400, None), url
        assert "evil.example" not in answer.text
        assert answer.mimetype == "text/html"
        assert f"reason={reason}" in caplog.messages[-1]


def test_one_registered_address_need_not_be_said(person: Person, rp: Rp):
    """CORE-13."""
    code = person.code_for(rp, redirect_uri=None)

    assert rp.redeem(code).status_code == 200


@pytest.mark.parametrize("is_of_another_site", [True, False])
def test_a_request_may_be_posted(person: Person, rp: Rp, *, is_of_another_site: bool):
    """CORE-54, CORE-55, BCP-14: the session is found, and no other tab is lost by it."""
    person.code_for(rp)
    other_tab = person.open(rp.url(prompt="consent"))
    if is_of_another_site:  # Browsers send no cookie that is SameSite=Lax.
        stranger = person.http.application.test_client()
        stranger.environ_base = person.http.environ_base
        answer = stranger.post("/oidc/authorize", data=rp.request(prompt="none"))
        assert "Set-Cookie" not in answer.headers
    else:
        answer = person.http.post("/oidc/authorize", data=rp.request(prompt="none"))
    assert answer.status_code == 303

    answer = person.open(answer.headers["Location"])

    assert "code" in answer_of(answer.headers["Location"])
    assert "code" in answer_of(person.consent(other_tab).headers["Location"])


def test_what_is_posted_wrongly_is_told_at_once(person: Person, rp: Rp):
    """CORE-54, CORE-60."""
    answer = person.http.post("/oidc/authorize", data=rp.request(scope="x"))

    assert answer_of(answer.headers["Location"])["error"] == "invalid_scope"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_nothing_else_is_taken(person: Person, rp: Rp, method: str):
    """BCP-17, BCP-19."""
    answer = person.http.open(rp.url(), method=method, headers={"Origin": "https://a.example"})

    assert "Location" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_code_is_for_whoever_has_the_verifier(person: Person, rp: Rp):
    """PKCE-01, PKCE-10, CORE-70: what went through the browser is not enough."""
    wrong = rp.redeem(person.code_for(rp), code_verifier=rp.request()["code_challenge"])
    assert (wrong.status_code, wrong.json["error"]) == (400, "invalid_grant")

    tokens = rp.redeem(person.code_for(rp))

    assert tokens.status_code == 200
    claims = rp.read(tokens.json["id_token"]).claims
    assert claims["aud"] == rp.client_id
    assert "azp" not in claims


def test_an_old_client_may_do_without_pkce(person: Person, make_rp: Any):
    """PKCE-07, PKCE-11, threat 22."""
    rp = make_rp(require_pkce=False)
    bare = {"code_challenge": None, "code_challenge_method": None}

    assert rp.redeem(person.code_for(rp, **bare), code_verifier=None).status_code == 200
    assert rp.redeem(person.code_for(rp, **bare)).json["error"] == "invalid_grant"
    public = make_rp(require_pkce=False, token_endpoint_auth_method="none")
    answer = person.open(public.url(**bare))
    assert answer_of(answer.headers["Location"])["error"] == "invalid_request"


def test_the_profile_fapi2_pushes_its_requests(person: Person, make_rp: Any):
    """FAPI-05, PAR-11."""
    rp = make_rp(profile="fapi2")

    said = answer_of(person.open(rp.url()).headers["Location"])

    assert said["error"] == "invalid_request"


def test_refusals_are_in_the_log(person: Person, rp: Rp, caplog: Any):
    """With the client and the reason, and without what may be a secret in what the client sent."""
    evil = "https://kim:hidden@evil.example/cb\n/\x1b[2J?code=hidden&x=y#hidden"
    proof = basic(rp.client_id)
    with caplog.at_level("INFO", "gatehouse"):
        person.open(rp.url(redirect_uri=evil))
        out = {"client_id": rp.client_id, "post_logout_redirect_uri": evil}
        person.open(f"/oidc/logout?{urlencode(out)}")
        rp.http.post("/oidc/par", data=rp.request(redirect_uri=evil), headers=proof)
        person.open(rp.url(scope="nothing"))
        person.open(rp.url(prompt="none"))
        rp.redeem(f"gac_{'x' * 43}")
        rp.http.post("/oidc/device_authorization", headers=proof)
        person.open(rp.url(client_id=SECRET))

    lines = [f"{one.levelname} {one.getMessage()}" for one in caplog.records]
    assert "reason=unknown_client" in lines.pop()
    dead_end = f"WARNING Nobody is led on: client_id={rp.client_id} reason="
    refused = f"INFO An application is refused: client_id={rp.client_id}"
    reasons = ("wrong_redirect_uri", "wrong_post_logout_redirect_uri", "wrong_redirect_uri")
    assert lines[:3] == [f"{dead_end}{one} refused=https://evil.example/cb/?[2J" for one in reasons]
    said = ("invalid_request", "invalid_scope", "login_required", "invalid_grant (unknown_code)")
    for line, words in zip(lines[3:], (*said, "unauthorized_client"), strict=True):
        assert line.startswith(f"{refused} {words}: "), line
    assert "hidden" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.unit
@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("https://u:p@app.example:8443/cb?code=1#x", "https://app.example:8443/cb"),
        ("com.example.app:/cb?code=1", "com.example.app:/cb"),
        ("//app.example/cb", "://app.example/cb"),
        ("", ":"),
        ("https://[app.example/cb", "unreadable"),
        ("https://app.example/\u202ecb \x07", "https://app.example/?cb??"),
        ("https://app.example/" + "x" * 500, "https://app.example/" + "x" * 180),
    ],
)
def test_a_refused_address_is_logged_without_what_may_be_secret(uri: str, said: str):
    assert shown(uri) == said


def test_a_yes_is_for_the_organization_that_was_named(
    person: Person, make_rp: Any, make: Any, user: Any
):
    """CORE-20: the page says it, so a remembered answer is not one for another."""
    first, second = make.organization(), make.organization()
    for org in (first, second):
        make.member(org, user=user)
    rp, asked = make_rp(include_org=True), {"scope": "openid organizations", "prompt": "none"}
    person.tokens_for(rp, scope="openid organizations", organization=first.slug)

    found = {}
    for name in (first.slug, str(first.id), second.slug, ""):
        named = {"organization": name} if name else {}
        answer = answer_of(person.open(rp.url(**asked, **named)).headers["Location"])
        found[name] = answer.get("error", "code")
    assert found == {
        first.slug: "code",
        str(first.id): "code",
        second.slug: "consent_required",
        "": "code",
    }
    person.tokens_for(rp, scope="openid organizations", organization=second.slug)
    answer = person.open(rp.url(**asked, organization=second.slug))
    assert "code" in answer_of(answer.headers["Location"])


def test_an_organization_may_be_named(person: Person, make_rp: Any, make: Any, user: Any):
    """By its id or its slug; whoever is not in it does not get in."""
    org, other = make.organization(), make.organization()
    make.member(org, user=user)
    rp = make_rp(include_org=True)
    for name in (str(org.id), org.slug):
        tokens = person.tokens_for(rp, scope="openid organizations", organization=name)
        assert rp.read(tokens["id_token"]).claims["org_id"] == str(org.id)
    for name in (str(other.id), other.slug, "nowhere"):
        page = person.open(rp.url(organization=name))
        assert page.request.path.startswith("/oidc/no-access/"), name
        assert f"an organization that <strong>{user.email}</strong> is not in" in page.text
        answer = person.open(rp.url(organization=name, prompt="none"))
        assert answer_of(answer.headers["Location"])["error"] == "access_denied"
