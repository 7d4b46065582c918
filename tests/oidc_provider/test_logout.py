"""An application asks that a person signs out here, too (RPL-01..15, threats 10, 24, 56)."""

from typing import Any
from urllib.parse import urlencode

import pytest

from gatehouse.core.jose import encode
from tests.factories import Factory
from tests.relying import ISSUER, OURS, Person, Rp

BACK = "https://app.example.com/signed-out"
MORE = "https://app.example.com/out?from=gatehouse"
COOKIE = "gatehouse_session"


@pytest.fixture
def app_with_exit(make_rp: Any) -> Rp:
    return make_rp(post_logout_redirect_uris=[BACK, MORE])


def url(**params: str | None) -> str:
    sent = {name: value for name, value in params.items() if value is not None}
    return f"/oidc/logout?{urlencode(sent)}"


def is_signed_in(person: Person) -> bool:
    return person.http.get("/reauthenticate", headers=OURS).status_code == 200


def answer(person: Person, page: Any, what: str = "sign_out") -> Any:
    return person.post(page.request.path, page, answer=what)


def test_a_person_signs_out_and_is_led_back(person: Person, app_with_exit: Rp):
    """RPL-01, RPL-02, RPL-06, RPL-12."""
    told = app_with_exit.http.get("/.well-known/openid-configuration").json
    assert told["end_session_endpoint"] == f"{ISSUER}/oidc/logout"
    tokens = person.tokens_for(app_with_exit, scope="openid email")
    state = 'a b&c="\u00fc'

    asked = url(id_token_hint=tokens["id_token"], post_logout_redirect_uri=BACK, state=state)
    page = person.open(asked)
    assert (page.status_code, is_signed_in(person)) == (200, True)
    assert "Test App" in page.text
    assert "form-action 'self' https://app.example.com" in page.headers["Content-Security-Policy"]
    gone = answer(person, page)

    assert gone.status_code == 303
    assert gone.headers["Location"] == f"{BACK}?state=a%20b%26c%3D%22%C3%BC"
    assert not is_signed_in(person)
    assert person.http.get_cookie(COOKIE) is None
    assert app_with_exit.userinfo(tokens["access_token"]).status_code == 401


def test_without_a_state_none_is_told(person: Person, app_with_exit: Rp):
    """RPL-03; an address that has a query keeps it."""
    tokens = person.tokens_for(app_with_exit)
    hint = tokens["id_token"]

    page = person.open(url(id_token_hint=hint, post_logout_redirect_uri=MORE))
    assert answer(person, page).headers["Location"] == MORE
    gone = person.open(url(id_token_hint=hint, post_logout_redirect_uri=MORE, state="x"))
    assert gone.headers["Location"] == f"{MORE}&state=x"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        f"{BACK}/",
        f"{BACK}?x=1",
        f"{BACK}#x",
        "https://app.example.com/callback",
        "HTTPS://app.example.com/signed-out",
        "javascript:alert(1)",
        "//app.example.com/signed-out",
    ],
)
def test_nobody_is_led_where_nothing_is_registered(person: Person, app_with_exit: Rp, address: str):
    """RPL-04, threat 10."""
    hint = person.tokens_for(app_with_exit)["id_token"]

    for more in ({"id_token_hint": hint}, {"client_id": app_with_exit.client_id}):
        page = person.open(url(post_logout_redirect_uri=address, **more))
        assert page.status_code == 400
        assert "Location" not in page.headers
    assert is_signed_in(person)


def test_forged_hints_lead_nowhere(person: Person, app_with_exit: Rp):
    """RPL-05, RPL-06: the person is asked, and stays here."""
    tokens = person.tokens_for(app_with_exit)
    header, claims, _ = tokens["id_token"].split(".")
    none = encode(b'{"alg":"none","typ":"JWT"}')
    forged = (
        f"{header}.{claims}.{'A' * 342}",
        f"{none}.{claims}.",
        "garbage",
        tokens["access_token"],
        None,
    )
    for hint in forged:
        page = person.open(url(id_token_hint=hint, post_logout_redirect_uri=BACK))
        assert (page.status_code, page.request.path) == (200, "/logout")
        assert BACK not in page.text
    assert is_signed_in(person)


def test_without_any_parameter_it_works_after_asking(person: Person, app_with_exit: Rp):
    """RPL-07, RPL-08."""
    person.code_for(app_with_exit)

    page = person.open("/oidc/logout")
    assert is_signed_in(person)
    person.post("/logout", page)

    assert not is_signed_in(person)


def test_a_form_of_another_site_works_as_well(person: Person, app_with_exit: Rp):
    """RPL-09: it brings no cookie, so the page that follows finds the session."""
    hint = person.tokens_for(app_with_exit)["id_token"]
    theirs = {"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"}
    data = {"id_token_hint": hint, "post_logout_redirect_uri": BACK, "state": "s"}

    led = person.http.post("/oidc/logout", data=data, headers=theirs)
    page = person.open(led.headers["Location"])

    assert hint not in led.headers["Location"]
    assert answer(person, page).headers["Location"] == f"{BACK}?state=s"


def test_a_form_and_its_address_do_not_say_the_same(person: Person, app_with_exit: Rp):
    """Threat 6: as at the authorization endpoint."""
    data = {"client_id": app_with_exit.client_id, "state": "a"}
    twice = person.http.post("/oidc/logout?state=b", data=data)
    beside = person.http.post("/oidc/logout?other=b", data=data)

    assert (twice.status_code, beside.status_code) == (400, 303)
    assert "It sent something twice" in twice.text


def test_hint_and_client_have_to_agree(person: Person, app_with_exit: Rp, make_rp: Any):
    """RPL-10, threat 10: another application's hint leads nowhere."""
    other = make_rp(post_logout_redirect_uris=["https://other.example/"])
    hint = person.tokens_for(other)["id_token"]

    for wrong in (
        {"client_id": app_with_exit.client_id, "post_logout_redirect_uri": BACK},
        {"post_logout_redirect_uri": BACK},
        {"client_id": app_with_exit.client_id},
    ):
        assert person.open(url(id_token_hint=hint, **wrong)).status_code == 400
    assert is_signed_in(person)


def test_a_client_may_name_itself_instead(person: Person, app_with_exit: Rp):
    """RPL-11."""
    person.code_for(app_with_exit)
    asked = url(client_id=app_with_exit.client_id, post_logout_redirect_uri=BACK)

    page = person.open(asked)
    assert is_signed_in(person)

    assert answer(person, page).headers["Location"] == BACK


def test_no_other_page_can_answer(person: Person, app_with_exit: Rp, make: Factory):
    """RPL-13."""
    hint = person.tokens_for(app_with_exit)["id_token"]
    page = person.open(url(id_token_hint=hint))
    theirs = {"Origin": "https://evil.example"}

    for headers in (theirs, OURS):
        sent = person.http.post(page.request.path, data={"answer": "sign_out"}, headers=headers)
        assert sent.status_code == 403
    other = Person(person.http.application, make.user().email)
    assert other.open(page.request.path).status_code == 400
    assert answer(person, page, "stay").status_code == 200
    assert is_signed_in(person)


def test_an_expired_hint_counts(person: Person, make_rp: Any):
    """RPL-14."""
    rp = make_rp(post_logout_redirect_uris=[BACK], id_token_lifetime=-100)
    hint = person.tokens_for(rp)["id_token"]

    page = person.open(url(id_token_hint=hint, post_logout_redirect_uri=BACK))

    assert answer(person, page).headers["Location"] == BACK


def test_those_of_the_house_ask_nobody_if_they_prove_it(person: Person, make_rp: Any):
    """RPL-15: and only of the very session that the hint is about."""
    trusted = make_rp(post_logout_redirect_uris=[BACK], fields={"is_trusted": True})
    skipping = make_rp(post_logout_redirect_uris=[BACK], skip_logout_confirmation=True)
    for rp in (trusted, skipping):
        old = person.tokens_for(rp)["id_token"]
        person.post("/logout", person.open("/logout"))
        hint = person.tokens_for(rp)["id_token"]

        bare = {"client_id": rp.client_id, "post_logout_redirect_uri": BACK}
        for not_enough in (bare, {"id_token_hint": old, "post_logout_redirect_uri": BACK}):
            assert person.open(url(**not_enough)).status_code == 200
            assert is_signed_in(person)
        gone = person.open(url(id_token_hint=hint, post_logout_redirect_uri=BACK, state="1"))

        assert gone.headers["Location"] == f"{BACK}?state=1"
        assert not is_signed_in(person)


def test_a_form_that_is_not_valid_signs_nobody_out_without_a_question(person: Person, make_rp: Any):
    """Threat 56: of a client that is not asked for, the page would do it instead of being shown."""
    asking = make_rp(post_logout_redirect_uris=[BACK])
    trusted = make_rp(post_logout_redirect_uris=[BACK], skip_logout_confirmation=True)
    hints = [person.tokens_for(rp)["id_token"] for rp in (asking, trusted)]
    page = person.open(url(id_token_hint=hints[0], post_logout_redirect_uri=BACK))
    at = url(id_token_hint=hints[1], post_logout_redirect_uri=BACK)
    waiting = person.http.get(at, headers=OURS).headers["Location"]

    assert person.post(waiting, page, answer="bogus").status_code == 400
    assert is_signed_in(person)


def test_whoever_is_not_signed_in_is_led_back_at_once(person: Person, app_with_exit: Rp):
    """With a proof; without one, by a link."""
    hint = person.tokens_for(app_with_exit)["id_token"]
    person.post("/logout", person.open("/logout"))

    gone = person.open(url(id_token_hint=hint, post_logout_redirect_uri=BACK, state="1"))
    assert gone.headers["Location"] == f"{BACK}?state=1"
    page = person.open(url(client_id=app_with_exit.client_id, post_logout_redirect_uri=BACK))
    assert page.status_code == 200
    assert f'href="{BACK}"' in page.text
    assert person.open(url(id_token_hint=hint)).status_code == 200


def test_clients_that_are_off_or_unknown_are_refused(
    person: Person, app_with_exit: Rp, make: Factory
):
    """Threat 24."""
    hint = person.tokens_for(app_with_exit)["id_token"]
    make.change(app_with_exit.client, is_active=False)
    app_with_exit.app.extensions["gatehouse"].leases.drop()

    for wrong in ({"id_token_hint": hint}, {"client_id": "nobody"}):
        page = person.open(url(post_logout_redirect_uri=BACK, **wrong))
        assert page.status_code == 400
    assert person.open("/oidc/logout?state=1&state=2").status_code == 400


@pytest.mark.parametrize("ends", [False, True])
def test_what_is_offline_ends_only_where_the_client_wants_that(
    person: Person, make_rp: Any, *, ends: bool
):
    """RPL-12, OpenID Connect Core 11."""
    rp = make_rp(revoke_offline_on_logout=ends)
    tokens = person.tokens_for(rp, scope="openid offline_access")

    person.post("/logout", person.open("/logout"))

    expected = (401, 400) if ends else (200, 200)
    userinfo, refreshed = rp.userinfo(tokens["access_token"]), rp.refresh(tokens["refresh_token"])
    assert (userinfo.status_code, refreshed.status_code) == expected
