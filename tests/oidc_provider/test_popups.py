"""Applications that sign people in by a window of their own, and wait for it to tell them."""

from http.client import OK
from typing import Any
from urllib.parse import urlencode

import pytest

from gatehouse.accounts.models import User
from tests.factories import PASSWORD
from tests.relying import HIDDEN, OURS, Person, Rp

COOP = "Cross-Origin-Opener-Policy"
KEPT, CUT = "unsafe-none", "same-origin"


class Watched:
    """The browser of a person that notes what each answer says of the opener."""

    def __init__(self, person: Person) -> None:
        self.http, self.seen = person.http, []

    def go(self, url: str) -> Any:
        answer = self.http.get(url, headers={"Accept": "text/html"})
        self.seen.append((answer.request.path, answer.status_code, answer.headers.getlist(COOP)))
        location = answer.headers.get("Location", "")
        return self.go(location) if location.startswith("/") else answer

    def send(self, page: Any, **fields: str) -> Any:
        path = page.request.path
        data = {**dict(HIDDEN.findall(page.text)), **fields}
        answer = self.http.post(path, data=data, headers=OURS)
        self.seen.append((path, answer.status_code, answer.headers.getlist(COOP)))
        location = answer.headers.get("Location", "")
        return self.go(location) if location.startswith("/") else answer


@pytest.fixture
def watched(person: Person) -> Watched:
    return Watched(person)


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_no_answer_on_the_way_cuts_the_opener(watched: Watched, rp: Rp, user: User, mode: str):
    """CORE-01: one that did would leave the page that opened the window waiting for ever."""
    page = watched.go(rp.url(response_mode=mode))
    onward = dict(HIDDEN.findall(page.text))["next"]
    watched.go(f"/register?next={onward}")
    page = watched.send(page, email=user.email, password="wrong")
    page = watched.send(page, email=user.email, password=PASSWORD)
    watched.send(page, answer="allow")
    page = watched.go(rp.url(response_mode=mode, prompt="login"))
    watched.send(page, password=PASSWORD)
    page = watched.go(rp.url(response_mode=mode, prompt="select_account"))
    page = watched.send(page, answer="go_on")
    watched.go(rp.url(response_mode=mode, prompt="none"))
    watched.go(rp.url(client_id="nobody"))
    watched.go("/oidc/continue/x")

    assert {policy for *_, policies in watched.seen for policy in policies} == {KEPT}, watched.seen
    assert all(len(policies) == 1 for *_, policies in watched.seen)
    paths = {path.rpartition("/")[0] or path for path, *_ in watched.seen}
    assert paths == {
        *("/login", "/register", "/reauthenticate", "/oidc"),
        *("/oidc/continue", "/oidc/consent", "/oidc/accounts"),
    }


def test_no_answer_on_the_way_out_cuts_it(watched: Watched, person: Person, make_rp: Any):
    """RPL-01: some applications sign people out by a window, too."""
    rp = make_rp(post_logout_redirect_uris=["https://app.example.com/out"])
    hint = person.tokens_for(rp)["id_token"]
    back = {"post_logout_redirect_uri": "https://app.example.com/out", "client_id": rp.client_id}
    page = watched.go(f"/oidc/logout?{urlencode({**back, 'id_token_hint': hint})}")
    if page.status_code == OK:
        page = watched.send(page, answer="sign_out")

    assert page.headers["Location"].startswith("https://app.example.com/out")
    assert {policy for *_, policies in watched.seen for policy in policies} == {KEPT}, watched.seen


def test_every_other_answer_cuts_it(watched: Watched, rp: Rp, user: User):
    """Whoever opened a window of ours loses hold of it where no application is being gone to."""
    watched.go("/login?next=/oidc/continue/unknown")
    page = watched.go("/login?next=/applications")
    watched.send(page, email=user.email, password="wrong")
    watched.send(page, email=user.email, password=PASSWORD)
    for path in ("/", "/login", "/sessions", "/device", "/nowhere", "/logout", "/oidc/jwks"):
        watched.go(path)

    assert {policy for *_, policies in watched.seen for policy in policies} == {CUT}, watched.seen
