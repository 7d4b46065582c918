"""The pages on the way to an application: what they say, and what they let nobody do."""

import re
from typing import Any

import pytest

from tests.factories import Factory
from tests.relying import OURS, Person, Rp, answer_of

LOOKS = {
    "logo_uri": "https://cdn.example.net/logo.png",
    "policy_uri": "https://app.example.com/privacy",
    "tos_uri": "https://app.example.com/terms",
}
HOSTILE = "<script>alert('x')</script>\"'"


def test_pages_say_who_asks(person: Person, make_rp: Any, make: Factory):
    """DCR-14, DCR-25, BCP-23: on the sign-in, the registration, the confirmation, the consent."""
    org = make.organization(name="Harbour Lights")
    rp = make_rp(org, access_policy="everyone", fields={"name": "Tide Tables"}, **LOOKS)
    page = person.open(rp.url(prompt="consent login"))
    pages = [page, person.open(f"/register?next={page.request.args['next']}")]
    page = person.sign_in(page)
    pages.append(page)
    pages.append(person.open(rp.url(prompt="login")))
    pages.append(person.open(rp.url(prompt="select_account")))
    assert [each.request.path.split("/")[1] for each in pages] == [
        *("login", "register", "oidc", "reauthenticate", "oidc")
    ]
    for each in pages:
        assert "Tide Tables" in each.text
        assert "Harbour Lights" in each.text
        assert f'src="{LOOKS["logo_uri"]}"' in each.text
        policy = each.headers["Content-Security-Policy"]
        assert "form-action 'self' https://app.example.com;" in policy
        assert "img-src 'self' data: https://cdn.example.net;" in policy
    for each in pages[:3]:
        assert f'href="{LOOKS["policy_uri"]}"' in each.text
        assert f'href="{LOOKS["tos_uri"]}"' in each.text


def test_pages_that_lead_nowhere_name_nobody(person: Person, rp: Rp):
    """Whoever makes up a next is not helped to look like an application."""
    for onward in ("/oidc/continue/x", "/oidc/continue/gfl_" + "a" * 49, "/account/password"):
        page = person.open(f"/login?next={onward}")
        assert rp.client.name not in page.text
        assert "form-action 'self';" in page.headers["Content-Security-Policy"]


def test_a_login_hint_is_filled_in_and_not_sent(person: Person, rp: Rp):
    """CORE-34, BCP-10: and it is nothing but text."""
    page = person.open(rp.url(login_hint="kim@example.test"))
    assert page.request.path == "/login"
    assert 'value="kim@example.test"' in page.text
    assert "script-src 'nonce-" in page.headers["Content-Security-Policy"]
    refused = person.post("/login", page, email="lee@example.test", password="wrong horse")
    assert 'value="lee@example.test"' in refused.text
    assert "kim@example.test" not in refused.text

    page = person.open(rp.url(login_hint=HOSTILE * 20))
    assert "<script>alert" not in page.text


def test_names_that_people_chose_are_text(person: Person, make_rp: Any, make: Factory):
    """BCP-10, BCP-11, DCR-26, threat 47."""
    org = make.organization(name=HOSTILE)
    rp = make_rp(org, access_policy="everyone", fields={"name": HOSTILE}, scopes=["openid", "<b>"])
    page = person.open(rp.url(scope="openid <b>", state=HOSTILE, nonce=HOSTILE))
    for _ in range(2):
        assert "<script>" not in page.text
        page = person.sign_in(page) if page.request.path == "/login" else page
    assert page.request.path.startswith("/oidc/consent/")
    assert "<b>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("where", ["sign in", "consent", "accounts", "error"])
def test_pages_cannot_be_framed_kept_or_read_by_others(person: Person, rp: Rp, where: str):
    """BCP-01 to BCP-04, BCP-12, BCP-17, threats 50, 86."""
    if where != "sign in":
        person.code_for(rp)
    page = {
        "sign in": lambda: person.open(rp.url()),
        "consent": lambda: person.open(rp.url(prompt="consent")),
        "accounts": lambda: person.open(rp.url(prompt="select_account")),
        "error": lambda: person.open(rp.url(client_id="nobody")),
    }[where]()

    headers = page.headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Referrer-Policy" in headers
    assert "Access-Control-Allow-Origin" not in headers
    assert all("passkey.js" in one for one in re.findall(r"<script.*", page.text))


def test_the_cookie_changes_at_the_sign_in_and_is_for_us_alone(person: Person, rp: Rp):
    """BCP-06, BCP-07."""
    answer = person.http.get(rp.url())
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in each and "SameSite=Lax" in each for each in cookies)
    assert person.http.get_cookie("gatehouse_session") is None

    person.sign_in(person.open(rp.url()))
    first = person.http.get_cookie("gatehouse_session").value
    person.sign_in(person.open(rp.url(prompt="login")))

    assert person.http.get_cookie("gatehouse_session").value != first


def test_nobody_can_say_yes_for_somebody_else(person: Person, rp: Rp, make: Factory):
    """BCP-08, BCP-09, threat 50: not another site, not another session, not to other words."""
    page = person.sign_in(person.open(rp.url(scope="openid email")))
    path = page.request.path
    smaller = person.open(rp.url(scope="openid"))

    theirs = {"Origin": "https://evil.example", "Accept": "text/html"}
    forged = person.http.post(path, data={"answer": "allow"}, headers=theirs)
    assert forged.status_code == 403
    bare = person.http.post(path, data={"answer": "allow", "terms": "x"}, headers=OURS)
    assert bare.status_code == 403
    assert person.consent(page, "perhaps").status_code == 400
    other_words = person.post(path, smaller, answer="allow")
    assert other_words.request.path == path
    assert "Location" not in other_words.headers

    assert "code" in answer_of(person.consent(page).headers["Location"])


def test_the_page_of_consent_says_where_one_goes(person: Person, make_rp: Any):
    """In words: what is allowed, to whom, and where the browser goes afterwards."""
    rp = make_rp(redirect_uris=["https://app.example.com/a/b?c=d", "https://x.example/"])
    page = person.sign_in(person.open(rp.url(scope="openid email offline_access")))
    for words in (
        *("See your e-mail address", "while you are away", "<strong>app.example.com</strong>"),
        *(person.email, "Your password stays here"),
    ):
        assert words in page.text
    assert "x.example" not in page.text

    native = make_rp(redirect_uris=["com.example.app:/cb"], application_type="native")
    assert "an application on this device" in person.open(native.url()).text


def test_whoever_is_signed_out_on_the_way_signs_in_again(person: Person, rp: Rp):
    """CORE-75."""
    page = person.sign_in(person.open(rp.url()))
    person.http.delete_cookie("gatehouse_session")

    again = person.open(page.request.path)

    assert again.request.path == "/login"
    assert rp.client.name in again.text
    assert person.sign_in(again).request.path == page.request.path
