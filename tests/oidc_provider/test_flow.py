"""The whole way: to the application and back, with tokens that say what happened."""

from typing import Any

from gatehouse.accounts.models import User
from tests.relying import ISSUER, Person, Rp, answer_of


def test_a_person_signs_in_to_an_application(person: Person, rp: Rp, user: User):
    page = person.open(rp.url(scope="openid profile email offline_access"))
    assert page.request.path == "/login"
    page = person.sign_in(page)
    assert page.request.path.startswith("/oidc/consent/")
    assert "Test App" in page.text
    answer = person.consent(page)

    said = answer_of(answer.headers["Location"])
    assert said["state"] == "some state"
    assert said["iss"] == ISSUER
    tokens = rp.redeem(said["code"]).json
    assert tokens["token_type"] == "Bearer"
    identity = rp.read(tokens["id_token"])
    assert identity.header["alg"] == "RS256"
    assert identity.claims["sub"] == str(user.id)
    assert identity.claims["nonce"] == "some nonce"
    assert rp.read(tokens["access_token"]).header["typ"] == "at+jwt"
    assert rp.userinfo(tokens["access_token"]).json["email"] == user.email
    assert rp.introspect(tokens["access_token"]).json["active"] is True
    again = rp.refresh(tokens["refresh_token"])
    assert again.status_code == 200, again.text
    assert rp.read(again.json["id_token"]).claims["sub"] == str(user.id)


def test_the_second_time_nothing_is_asked(person: Person, rp: Rp):
    person.code_for(rp)

    answer = person.open(rp.url(prompt="none"))

    assert "code" in answer_of(answer.headers["Location"])


def test_whoever_says_no_goes_back_with_that(person: Person, rp: Rp):
    page = person.sign_in(person.open(rp.url()))

    answer = person.consent(page, "deny")

    said = answer_of(answer.headers["Location"])
    assert (said["error"], said["iss"]) == ("access_denied", ISSUER)


def test_a_code_that_is_shown_twice_ends_what_it_gave(person: Person, rp: Rp):
    code = person.code_for(rp)
    tokens = rp.redeem(code).json

    again = rp.redeem(code)

    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert rp.userinfo(tokens["access_token"]).status_code == 401


def test_a_spent_refresh_token_ends_its_family(person: Person, rp: Rp):
    tokens = person.tokens_for(rp, scope="openid offline_access")
    second = rp.refresh(tokens["refresh_token"]).json

    again = rp.refresh(tokens["refresh_token"])

    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert rp.refresh(second["refresh_token"]).status_code == 400
    for each in (tokens, second):
        assert rp.userinfo(each["access_token"]).status_code == 401


def test_form_post_brings_the_answer_by_a_form(person: Person, rp: Rp):
    page = person.go_through(rp.url(response_mode="form_post", state='"><script>x</script>'))

    assert page.status_code == 200
    assert 'name="code"' in page.text
    assert "<script>x" not in page.text
    assert "form-action 'self' https://app.example.com" in page.headers["Content-Security-Policy"]


def test_unknown_clients_and_addresses_lead_nowhere(person: Person, rp: Rp):
    for wrong in ({"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}):
        answer = person.open(rp.url(**wrong))
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_a_client_of_an_organization_is_for_its_members(person: Person, make_rp: Any, make: Any):
    rp = make_rp(make.organization())

    page = person.sign_in(person.open(rp.url()))

    assert page.request.path.startswith("/oidc/no-access/")
