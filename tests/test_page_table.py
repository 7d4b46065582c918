"""Every page against everybody. New domains join by themselves: the table is the app's own.

No answer is a 5xx; nothing is written for whoever sends no form of ours, and nobody but a signed-in
person sees what needs one (threats 169, 187, 213).
"""

import re
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from gatehouse.registry import domains
from tests.factories import Factory
from tests.test_route_table import Route, routes_below

OURS = {"Origin": "http://localhost:5000", "Accept": "text/html"}
COOKIE = "gatehouse_session"
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
JUNK = (b"", b"%00=%00", b"a=1&a=2", b"email=%ED%A0%80", b"x" * 70_000, b"\xff\xfe", b"&&&=&")
WRONG = ("1", "%00", "..%2f..", "0" * 5000, "{x}", "%F0%9F%98%80")
PAGES = [
    route
    for route in routes_below("/")
    if route.endpoint.split(".")[0]
    in {pages.name for domain in domains() for pages in domain.pages}
]
of_all_pages = pytest.mark.parametrize("page", PAGES, ids=str)
# Where pages of others lead to, by a form too: nothing hangs on who sent it.
OPEN = ("/oidc/authorize", "/oidc/logout")
of_forms = pytest.mark.parametrize(
    "page", [page for page in PAGES if page.method == "POST" and page.rule not in OPEN], ids=str
)


def path_of(page: Route, value: str) -> str:
    return re.sub(r"<[^>]+>", value, page.rule)


@pytest.fixture
def person(client: FlaskClient, make: Factory) -> FlaskClient:
    """The browser of somebody who has signed in."""
    member = make.member(make.organization(), Role.OWNER)
    client.set_cookie(COOKIE, make.session(member.user_id))
    return client


def test_the_table_has_every_page(app: Flask):
    named = {page.endpoint for page in PAGES}

    assert {"login_pages.log_in", "accounts_pages.change_password"} <= named
    assert all(app.view_functions[name] for name in named)


@of_all_pages
@pytest.mark.parametrize("value", WRONG, ids=lambda value: value[:10])
def test_whatever_stands_in_an_address_is_no_error_of_ours(
    person: FlaskClient, page: Route, value: str
):
    answer = person.open(path_of(page, value), method=page.method, headers=OURS)

    assert answer.status_code < 500
    assert answer.mimetype == "text/html"


@of_forms
@pytest.mark.parametrize("is_known", [False, True], ids=["anonymous", "person"])
def test_junk_is_refused(person: FlaskClient, page: Route, *, is_known: bool):
    if not is_known:
        person.delete_cookie(COOKIE)
    for junk in JUNK:
        kind = "application/x-www-form-urlencoded"
        path = path_of(page, str(uuid4()))
        answer = person.post(path, data=junk, headers=OURS, content_type=kind)

        assert 300 <= answer.status_code < 500, junk[:20]
        assert answer.status_code != 303 or "/login" in answer.headers["Location"], junk[:20]


@of_forms
def test_no_form_of_another_site_is_taken(person: FlaskClient, page: Route):
    token = FORM_TOKEN.findall(person.get("/logout").text)[0]
    path = path_of(page, str(uuid4()))
    theirs = {"Origin": "https://evil.example", "Accept": "text/html"}

    answer = person.post(path, data={"form_token": token}, headers=theirs)

    assert answer.status_code == 403


@of_all_pages
def test_other_methods_are_refused(client: FlaskClient, page: Route):
    path = path_of(page, str(uuid4()))
    for method in ("PUT", "PATCH", "DELETE", "TRACE"):
        answer = client.open(path, method=method, headers=OURS)

        assert answer.status_code == 405
        assert page.method in answer.headers["Allow"]


@of_all_pages
def test_a_page_takes_head_or_says_what_it_takes(client: FlaskClient, page: Route):
    """RFC 9110 15.5.6: what writes although it is only asked for is no page to look at."""
    path = path_of(page, str(uuid4()))
    taken = set(client.options(path).headers["Allow"].split(", "))
    looked = client.head(path)

    assert "HEAD" not in taken or page.rule not in OPEN
    assert (looked.status_code == 405) == ("HEAD" not in taken)
    if looked.status_code == 405:
        assert set(looked.headers["Allow"].split(", ")) == taken
