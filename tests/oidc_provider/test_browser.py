"""The way to an application in a real Chromium: under our own policy, for everybody's eyes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from tests.chromium import TAB, Browser
from tests.factories import PASSWORD
from tests.login.test_browser import (
    House,
    browser,
    chrome,
    comes_to,
    plain,
    says,
    send,
    sign_in,
    wrong_with,
)
from tests.processes import free_port, wait_until
from tests.relying import Rp, make_client
from tests.serving import served

__all__ = ["browser", "chrome", "plain"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]

SCOPE = "openid profile email offline_access"
DETAILS = '[{"type":"payment","actions":["initiate"],"creditor":"Kim","amount":{"eur":"3.50"}}]'


@dataclass
class Application:
    """A small web server that people are led back to, and what it was told."""

    url: str = ""
    told: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        kind = "text/html"
        if environ["PATH_INFO"] == "/logo.svg":
            kind = "image/svg+xml"
        elif environ["PATH_INFO"] == "/cb":
            raw = environ["QUERY_STRING"]
            if environ["REQUEST_METHOD"] == "POST":
                raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
            self.told.append({name: values[0] for name, values in parse_qs(raw).items()})
        start_response("200 OK", [("Content-Type", kind)])
        return [LOGO if kind != "text/html" else PAGE]


# As libraries do it that sign people in by a window of their own.
PAGE = b"""<title>x</title><h1>The application</h1>
<script>if (opener) opener.postMessage(location.search, location.origin)</script>"""
# Opens a window, and keeps what that tells.
OPEN = """
    window.told = [];
    addEventListener("message", event => told.push(event.data));
    window.popup = open(%r);
"""
LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64"
 rx="14" fill="#274b8f"/><path d="M12 40q10-14 20 0t20 0" fill="none" stroke="#fff"
 stroke-width="6"/></svg>"""


@dataclass
class Place:
    """A running service, an application and its client."""

    house: House
    application: Application
    rp: Rp

    def path(self, **params: str) -> str:
        return self.rp.url(**{"scope": SCOPE, **params})

    def url(self, **params: str) -> str:
        return self.house.url + self.path(**params)


@pytest.fixture(scope="module")
def place(migrated) -> Iterator[Place]:
    port, other_port = free_port(), free_port()
    chosen = {**migrated("sqlite"), "APP_URL": f"http://localhost:{port}"}
    chosen |= {"FLASK_ENV": "testing", "LOG_LEVEL": "error", "RATELIMIT_ENABLED": "false"}
    app, application = create_app(read_settings(chosen)), Application()
    with served(app, port) as url, served(application, other_port) as other:
        application.url = other
        house = House(app, url, other)
        client = make_client(
            house.runtime,
            house.make.organization(name="Harbour Lights"),
            access_policy="everyone",
            redirect_uris=[f"{other}/cb"],
            scopes=["openid", "profile", "email", "offline_access"],
            authorization_details_types=["payment"],
            logo_uri=f"{other}/logo.svg",
            policy_uri=f"{other}/privacy",
            tos_uri=f"{other}/terms",
            fields={"name": "Tide Tables"},
        )
        yield Place(house, application, Rp(app, client))
    app.extensions["gatehouse"].engine.dispose()


def arrives(browser: Browser, place: Place) -> dict[str, str]:
    """What the application was told, once the browser is there."""
    there = f"{place.application.url}/cb"
    assert wait_until(lambda: browser.url.startswith(there)), browser.url
    assert browser.text("h1") == "The application"
    return place.application.told.pop()


def test_a_person_comes_to_the_application_without_a_script(plain: Browser, place: Place):
    """BCP-23, CORE-01: each form leads on to another site in the end, and the browser follows."""
    user = place.house.make.user()
    plain.go(place.url(login_hint=user.email))
    assert says(plain, "Tide Tables")
    assert wait_until(lambda: plain.focus() == "password")
    send(plain, password=PASSWORD)
    assert says(plain, "Allow Tide Tables?", "h1")
    plain.click("button.main")
    assert "code" in arrives(plain, place)

    plain.go(place.url())
    assert "code" in arrives(plain, place)
    plain.go(place.url(prompt="login"))
    send(plain, password=PASSWORD)
    assert "code" in arrives(plain, place)
    plain.go(place.url(prompt="select_account"))
    plain.click("button.main")
    assert "code" in arrives(plain, place)
    plain.go(place.url(prompt="consent"))
    plain.click("button[value=deny]")
    assert arrives(plain, place)["error"] == "access_denied"
    assert plain.console() == []


def test_a_sign_in_leads_straight_to_the_application(plain: Browser, place: Place):
    """BCP-23: where nothing else is asked, the answer to POST /login goes there by itself."""
    user = place.house.make.user()
    plain.go(place.url())
    send(plain, email=user.email, password=PASSWORD)
    assert says(plain, "Allow Tide Tables?", "h1")
    plain.click("button.main")
    arrives(plain, place)
    plain.go(f"{place.house.url}/logout")
    plain.click("main form button")
    assert comes_to(plain, f"{place.house.url}/")

    plain.go(place.url())
    send(plain, email=user.email, password=PASSWORD)

    assert "code" in arrives(plain, place)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_form_brings_the_answer(chrome: Browser, place: Place, *, has_scripts: bool):
    """FP-01: by itself, or with a button where no script runs."""
    chrome.start_over(scripts=has_scripts)
    user = place.house.make.user()
    sign_in(chrome, place.house, user.email)
    assert says(chrome, user.email)
    chrome.go(place.url(response_mode="form_post", state="<ü&\"'>"))
    chrome.click("button.main")
    if not has_scripts:
        assert says(chrome, "One moment", "h1")
        chrome.click("button.main")

    told = arrives(chrome, place)

    assert told.keys() == {"code", "state", "iss"}
    assert told["state"] == "<ü&\"'>"


def test_another_site_may_post_a_request(browser: Browser, place: Place):
    """CORE-55: a cross-site post brings no cookie, and the person is known all the same."""
    user = place.house.make.user()
    sign_in(browser, place.house, user.email)
    assert says(browser, user.email)
    browser.go(place.url())
    browser.click("button.main")
    arrives(browser, place)
    fields = "".join(
        f'<input name="{name}" value="{value}">' for name, value in place.rp.request().items()
    )
    form = f'<form method="post" action="{place.house.url}/oidc/authorize">{fields}</form>'

    browser.go("http://127.0.0.1:" + place.application.url.rsplit(":", 1)[1])
    browser.run(f"document.body.innerHTML = `{form}`; document.forms[0].submit()")

    assert "code" in arrives(browser, place)


@pytest.fixture
def popup(browser: Browser, place: Place) -> Iterator[Any]:
    """``popup(url)``: the page of the application opens it in a window, which is looked at then.
    Called without an address it goes back to the page that waits.
    """
    first, *_ = browser.windows()

    def look(url: str = "") -> None:
        if not url:
            browser.look_at(first)
            return
        browser.go(place.application.url)
        browser.run(OPEN % url)
        assert wait_until(lambda: len(browser.windows()) > 1)
        (window,) = set(browser.windows()) - {first}
        browser.look_at(window)

    yield look
    for window in set(browser.windows()) - {first}:
        browser.look_at(window)
        browser.close()
    browser.look_at(first)


def test_a_window_tells_the_page_that_opened_it(browser: Browser, place: Place, popup: Any):
    """CORE-01: through sign-in, confirmation and consent nothing cuts the two from each other."""
    user = place.house.make.user()
    popup(place.url(state="by a window"))
    send(browser, email=user.email, password="wrong")
    assert says(browser, "Sign in", "h1")
    send(browser, password=PASSWORD)
    assert says(browser, "Allow Tide Tables?", "h1")
    browser.click("button.main")
    arrives(browser, place)
    browser.go(place.url(prompt="login", state="again"))
    send(browser, password=PASSWORD)
    arrives(browser, place)

    popup()

    assert browser.run("return popup.closed") is False
    told = [parse_qs(each.lstrip("?")) for each in browser.run("return told")]
    assert [each["state"] for each in told] == [["by a window"], ["again"]]
    assert all(each["code"] for each in told)


def test_no_window_of_ours_is_held_on_to(browser: Browser, place: Place, popup: Any):
    """Where no application is being gone to, the page that opened it has lost it."""
    popup(f"{place.house.url}/login")
    assert says(browser, "Sign in", "h1")
    assert browser.run("return opener") is None

    popup()

    assert browser.run("return popup.closed") is True


def test_everybody_can_use_the_pages_on_the_way(browser: Browser, place: Place):
    """Light and dark, on a phone and on a desk, by eye and by ear."""
    house = place.house
    user = house.make.user(full_name="Kim Marlowe")
    found: dict[str, list[str]] = {}

    def look(what: str, words: str) -> None:
        assert says(browser, words, "h1"), what
        found[what] = wrong_with(browser)

    browser.go(place.url())
    look("sign in", "Sign in")
    browser.click('main a[href^="/register"]')
    look("register", "Create an account")
    browser.go(place.url(authorization_details=DETAILS))
    send(browser, email=user.email, password=PASSWORD)
    look("consent", "Allow Tide Tables?")
    browser.go(place.url(prompt="login"))
    look("confirm", "Confirm that it is you")
    browser.go(place.url(prompt="select_account"))
    look("accounts", "Choose an account")
    closed = make_client(
        house.runtime,
        house.make.organization(),
        redirect_uris=[f"{place.application.url}/cb"],
        fields={"name": "Closed"},
    )
    browser.go(house.url + Rp(house.app, closed).url())
    look("no access", "No access to Closed")
    browser.go(place.url(client_id="nobody"))
    look("led nowhere", "That did not work")
    browser.go(f"{house.url}/oidc/continue/x")
    look("over", "That did not work")

    assert {what: wrong for what, wrong in found.items() if wrong} == {}


def test_a_keyboard_is_enough_for_the_consent(plain: Browser, place: Place):
    user = place.house.make.user()
    plain.go(place.url())
    send(plain, email=user.email, password=PASSWORD)
    assert says(plain, "Allow Tide Tables?", "h1")
    order = []
    for _ in range(6):
        plain.press(TAB)
        order.append(plain.focus())

    assert order == [
        *("Skip to the content", "Gatehouse", "answer", "answer"),
        *("What Tide Tables does with your data", "Its terms"),
    ]


def test_longer_words_fit_as_well(browser: Browser, place: Place):
    """German says most things in more letters than English."""
    user = place.house.make.user(full_name="Kim Marlowe")
    found: dict[str, list[str]] = {}

    def look(words: str) -> None:
        assert says(browser, words, "h1")
        found[words] = wrong_with(browser)

    browser.go(place.url(ui_locales="de"))
    look("Anmelden")
    browser.click('main a[href^="/register"]')
    look("Konto anlegen")
    send(browser, email="nobody", password="a")
    look("Konto anlegen")
    browser.go(place.url(ui_locales="de", authorization_details=DETAILS))
    send(browser, email=user.email, password=PASSWORD)
    look("Zugriff für Tide Tables erlauben?")
    browser.go(place.url(ui_locales="de", prompt="login"))
    look("Bestätigen Sie, dass Sie es sind")
    browser.go(place.url(ui_locales="de", prompt="select_account"))
    look("Konto wählen")

    assert {what: wrong for what, wrong in found.items() if wrong} == {}
