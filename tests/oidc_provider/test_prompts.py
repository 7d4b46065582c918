"""When a person is asked for something on the way, and when they are not."""

import re
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.accounts.models import User
from gatehouse.oidc_provider.models import StoredRequest
from tests.factories import Factory
from tests.relying import Person, Rp, answer_of

COOKIE = "gatehouse_session"


def said_of(answer: Any) -> dict[str, str]:
    return answer_of(answer.headers.get("Location", ""))


def identity(rp: Rp, answer: Any) -> Any:
    tokens = rp.redeem(said_of(answer)["code"]).json
    return rp.read(tokens["id_token"]).claims


@pytest.fixture
def sign_in(person: Person, make: Factory, user: User) -> Any:
    """``sign_in(seconds)``: as if it had been that long ago."""

    def signed_in(seconds: int = 0) -> Person:
        token = make.session(user.id, signed_in_ago=timedelta(seconds=seconds))
        person.http.set_cookie(COOKIE, token)
        return person

    return signed_in


def test_without_a_page_there_is_a_code_or_a_reason(person: Person, make_rp: Any, make: Factory):
    """CORE-18, CORE-19, CORE-20, BCP-20, STEP-01: nothing is shown, whatever is missing."""
    rp = make_rp()
    silent = rp.url(prompt="none")
    assert said_of(person.open(silent))["error"] == "login_required"
    page = person.sign_in(person.open(rp.url()))
    assert said_of(person.open(silent))["error"] == "consent_required"
    first = identity(rp, person.consent(page))

    second = identity(rp, person.open(silent))
    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])

    chooser = make_rp(prompt_select_account="always")
    strong = make_rp(min_acr="mfa")
    closed = make_rp(make.organization())
    for each, error in (
        (chooser, "account_selection_required"),
        (strong, "interaction_required"),
        (closed, "access_denied"),
    ):
        assert said_of(person.open(each.url(prompt="none")))["error"] == error
    more = rp.url(prompt="none", scope="openid email")
    assert said_of(person.open(more))["error"] == "consent_required"


def test_a_fresh_sign_in_is_asked_for_once(sign_in: Any, rp: Rp):
    """CORE-21, CORE-28: and says when it was."""
    person = sign_in(3600)
    old = identity(rp, person.go_through(rp.url()))
    for params in ({"prompt": "login"}, {"max_age": "0"}):
        page = person.open(rp.url(**params))
        assert page.request.path == "/reauthenticate"
        assert "Test App asks for a fresh sign-in" in page.text
        new = identity(rp, person.sign_in(page))
        assert new["auth_time"] >= old["auth_time"] + 3000
        assert new["sid"] == old["sid"]
        person = sign_in(3600)
        old = identity(rp, person.go_through(rp.url()))


@pytest.mark.parametrize(
    ("options", "asked", "is_asked_again"),
    [
        ({}, {"max_age": "60"}, True),
        ({}, {"max_age": "10000"}, False),
        ({"default_max_age": 60}, {}, True),
        ({"default_max_age": 60}, {"max_age": "10000"}, False),
        ({"require_auth_time": True}, {}, False),
        ({}, {"acr_values": "phr mfa"}, False),
    ],
)
def test_an_old_sign_in_is_good_for_as_long_as_was_said(
    sign_in: Any, make_rp: Any, options: Any, asked: Any, *, is_asked_again: bool
):
    """CORE-26, CORE-27, CORE-29, CORE-36, CORE-66, CORE-67."""
    rp = make_rp(**options)
    person = sign_in(100)
    page = person.open(rp.url(**asked))
    assert (page.request.path == "/reauthenticate") is is_asked_again
    silent = person.open(rp.url(**asked, prompt="none"))
    error = "login_required" if is_asked_again else "consent_required"
    assert said_of(silent)["error"] == error

    claims = identity(rp, person.go_through(rp.url(**asked)))

    assert isinstance(claims["auth_time"], int)
    assert (claims["iat"] - claims["auth_time"] < 50) is is_asked_again
    assert claims["acr"] == "pwd"


def test_consent_is_asked_for_when_the_client_wants_it(person: Person, make_rp: Any):
    """CORE-22, threat 35: of a trusted client, too."""
    rp = make_rp(fields={"is_trusted": True})
    person.code_for(rp)
    assert "code" in said_of(person.open(rp.url(scope="openid offline_access")))

    page = person.open(rp.url(prompt="consent"))

    assert page.request.path.startswith("/oidc/consent/")
    assert "code" in said_of(person.consent(page))
    unasked = make_rp(consent="skip")
    assert "code" in said_of(person.open(unasked.url()))
    page = person.open(unasked.url(scope="openid offline_access"))
    assert page.request.path.startswith("/oidc/consent/")


def test_a_person_chooses_the_account(person: Person, rp: Rp, make: Factory):
    """CORE-23: the one that is signed in, another one, or none."""
    person.code_for(rp)
    page = person.open(rp.url(prompt="select_account"))
    path = page.request.path
    assert path.startswith("/oidc/accounts/")
    assert person.email in page.text
    assert "code" in said_of(person.post(path, page, answer="go_on"))

    page = person.open(rp.url(prompt="select_account"))
    answer = person.post(page.request.path, page, answer="cancel")
    assert said_of(answer)["error"] == "access_denied"

    page = person.open(rp.url(prompt="select_account"))
    page = person.post(page.request.path, page, answer="other")
    assert page.request.path == "/login"
    other = make.user()
    person.email = other.email
    claims = identity(rp, person.consent(person.sign_in(page)))
    assert claims["sub"] == str(other.id)


def test_whoever_is_expected_may_go_on_with_the_account(person: Person, rp: Rp):
    """Many applications send the hint each time: it does not say that it is somebody else."""
    token = person.tokens_for(rp)["id_token"]

    page = person.open(rp.url(prompt="select_account", id_token_hint=token))

    assert f"Go on as {person.email}" in page.text
    assert "code" in said_of(person.post(page.request.path, page, answer="go_on"))


def test_somebody_else_may_confirm_instead(person: Person, rp: Rp):
    """A fresh sign-in is asked for in a browser in which a colleague is signed in."""
    person.code_for(rp)
    page = person.open(rp.url(prompt="login"))
    assert page.request.path == "/reauthenticate"

    found = re.search(r'href="(/oidc/accounts/[^"]+)">Use another account', page.text)

    assert found
    assert "Choose an account" in person.open(found[1]).text


def test_a_person_makes_an_account(person: Person, rp: Rp):
    """Initiating User Registration 1.0."""
    page = person.open(rp.url(prompt="create"))
    assert page.request.path == "/register"
    assert "Test App" in page.text
    fields = {"email": f"new-{person.email}", "full_name": "New"}
    words = {"password": person.password, "password_confirm": person.password}
    page = person.post("/register", page, **fields, **words)
    assert page.request.path.startswith("/oidc/consent/")
    assert "code" in said_of(person.consent(page))

    page = person.open(rp.url(prompt="create"))
    assert page.request.path.startswith("/oidc/accounts/")
    page = person.post(page.request.path, page, answer="other")
    assert page.request.path == "/register"


def test_a_hint_names_who_is_meant(person: Person, rp: Rp, make: Factory):
    """CORE-31, CORE-33."""
    hint = person.tokens_for(rp)["id_token"]
    answer = person.open(rp.url(prompt="none", id_token_hint=hint))
    assert "code" in said_of(answer)
    nobody = Person(rp.app, person.email)
    said = said_of(nobody.open(rp.url(prompt="none", id_token_hint=hint)))
    assert said["error"] == "login_required"

    other = Person(rp.app, make.user().email)
    other.code_for(rp)
    said = said_of(other.open(rp.url(prompt="none", id_token_hint=hint)))
    assert said["error"] == "login_required"
    page = other.open(rp.url(id_token_hint=hint))
    assert "expects somebody else" in page.text
    page = other.post(page.request.path, page, answer="other")
    other.email = person.email
    assert "code" in said_of(other.sign_in(page))


def test_a_hint_that_we_did_not_give_is_not_believed(person: Person, rp: Rp, make_rp: Any):
    """CORE-32, threat 55: nor an ID token of another client, nor a token of another kind."""
    tokens = person.tokens_for(rp, scope="openid offline_access")
    header, claims, signature = tokens["id_token"].split(".")
    forged = (
        "x",
        f"{header}.{claims}.",
        f"eyJhbGciOiJub25lIn0.{claims}.",
        f"{header}.{claims}.{signature[::-1]}",
        f"{header}.{claims[:-2]}xx.{signature}",
        tokens["access_token"],
        tokens["refresh_token"],
        person.tokens_for(make_rp())["id_token"],
    )
    for hint in forged:
        said = said_of(person.open(rp.url(prompt="none", id_token_hint=hint)))
        assert said["error"] == "invalid_request", hint


def test_what_cannot_be_done_is_never_claimed(person: Person, make_rp: Any):
    """CORE-37: an essential class of authentication, or one that the client demands."""
    claims = '{"id_token":{"acr":{"essential":true,"values":["phr"]}}}'
    rp = make_rp()
    page = person.open(rp.url(claims=claims))
    said = said_of(person.sign_in(page))
    assert said["error"] == "unmet_authentication_requirements"
    for prompt in (None, "none"):
        said = said_of(person.open(rp.url(claims=claims, prompt=prompt)))
        assert said["error"] == "unmet_authentication_requirements"
    said = said_of(person.open(make_rp(min_acr="mfa").url()))
    assert said["error"] == "unmet_authentication_requirements"
    either = claims.replace('["phr"]', '["phr","pwd"]')
    assert identity(rp, person.go_through(rp.url(claims=either)))["acr"] == "pwd"


def test_two_tabs_each_come_to_their_end(person: Person, rp: Rp, make_rp: Any):
    """BCP-14, CORE-75."""
    other = make_rp(redirect_uris=["https://other.example.com/"])
    first, second = person.open(rp.url(state="1")), person.open(other.url(state="2"))
    onward = second.request.full_path
    first = person.sign_in(first)
    second = person.open(onward)
    assert second.request.path.startswith("/oidc/consent/")

    assert said_of(person.consent(second))["state"] == "2"
    assert said_of(person.consent(first))["state"] == "1"


def test_a_sign_in_in_an_old_tab_shows_the_way_back(person: Person, rp: Rp):
    """BCP-14: the form of the other tab is out of date, and its page leads on all the same."""
    first, second = person.open(rp.url(state="1")), person.open(rp.url(state="2"))
    person.sign_in(first)

    refused = person.sign_in(second)

    assert refused.status_code == 403
    link = refused.text.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "/oidc/continue/" in link.replace("%2F", "/")
    assert person.open(link).request.path.startswith("/oidc/consent/")


def test_a_way_belongs_to_its_browser(person: Person, rp: Rp, make: Factory, open_app: Any):
    """CORE-75, threats 50, 51: nobody goes on with what was begun elsewhere."""
    page = person.open(rp.url())
    onward = page.request.args["next"]
    other = Person(open_app, make.user().email)
    assert other.open(onward).status_code == 400
    answer = other.sign_in(other.open(f"/login?next={onward}"))
    assert answer.status_code == 400

    consent = person.sign_in(page)
    path = consent.request.path
    assert other.open(path).status_code == 400
    mine = other.open("/logout")
    stolen = other.post(path, mine, answer="allow", terms="x" * 64)
    assert stolen.status_code == 400
    assert "code" in said_of(person.consent(consent))


def test_a_way_ends_and_is_walked_once(person: Person, rp: Rp, db: Any, make: Factory):
    """CORE-75: after 30 minutes, or with its code."""
    page = person.sign_in(person.open(rp.url()))
    row = db.query(StoredRequest).order_by(StoredRequest.created_at.desc()).first()
    assert row.expires_at - row.created_at == timedelta(minutes=30)
    assert person.open(page.request.path).status_code == 200  # A reload does no harm.
    person.consent(page)
    again = person.consent(page)
    assert (again.status_code, again.headers.get("Location")) == (400, None)

    page = person.open(rp.url(prompt="consent"))
    db.rollback()
    row = db.query(StoredRequest).order_by(StoredRequest.created_at.desc()).first()
    make.change(row, expires_at=row.created_at)
    late = person.consent(page)
    assert late.status_code == 400
    assert "too long" in late.text


def test_a_client_that_changed_meanwhile_is_looked_at_again(person: Person, rp: Rp, make: Factory):
    """Threats 24, 50: what was shown is not what would be allowed now."""
    page = person.sign_in(person.open(rp.url(scope="openid email")))
    make.change(rp.client, name="Another App")
    rp.app.extensions["gatehouse"].leases.drop()
    page = person.consent(page)
    assert page.request.path.startswith("/oidc/consent/")
    assert "Another App" in page.text

    make.change(rp.client, settings={**rp.client.settings, "scopes": ["profile"]})
    rp.app.extensions["gatehouse"].leases.drop()
    assert said_of(person.consent(page))["error"] == "invalid_scope"
    page = person.open(page.request.path)
    assert said_of(page)["error"] == "invalid_scope"

    make.change(rp.client, is_active=False)
    rp.app.extensions["gatehouse"].leases.drop()
    assert person.open(page.request.path).status_code == 400


def test_whoever_may_not_enter_can_go_back(person: Person, make_rp: Any, make: Factory):
    """CORE-56, threat 38."""
    rp = make_rp(make.organization(name="Harbour Lights"))
    page = person.sign_in(person.open(rp.url()))
    assert "Harbour Lights" in page.text
    handle = page.request.path.split("/")[-1]

    assert person.consent(person.open(f"/oidc/consent/{handle}")).request.path == page.request.path
    answer = person.post(f"/oidc/accounts/{handle}", page, answer="cancel")

    said = said_of(answer)
    assert (said["error"], said["state"]) == ("access_denied", "some state")
    assert "iss" in said
