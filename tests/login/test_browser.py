"""The pages in a real Chromium: without scripts, seen by axe-core, and asked by other sites."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from flask import Flask

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import renew_link
from gatehouse.accounts.service import web_address_of as address_of_link
from gatehouse.app import create_app
from gatehouse.core import errors
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.settings import read_settings
from gatehouse.organizations.models import Organization
from gatehouse.organizations.service import web_address_of as address_of_invite
from gatehouse.recovery.models import FactorReset
from gatehouse.recovery.service import web_address_of as address_of_reset
from tests import chromium
from tests.chromium import COLOURS_ONLY, ENTER, EVERY_RULE, TAB, Browser, ChromeDriver
from tests.factories import PASSWORD, Factory
from tests.processes import free_port, wait_until
from tests.serving import served

MISSING = chromium.what_is_missing()
pytestmark = [pytest.mark.integration, pytest.mark.slow]
if MISSING and not os.environ.get("CI"):
    pytest.skip(f"{MISSING} not found: {chromium.REMEDY}", allow_module_level=True)

NEW, NEWER = "seven green bottles", "eight brown barrels"
SUBMIT = "main form button"
# How wide, in which scheme, and what axe-core looks for. The smallest is what a desk of 1280 is
# when enlarged four times (WCAG 2.2, 1.4.10).
LOOKS = (
    (1280, "light", EVERY_RULE),
    (1280, "dark", COLOURS_ONLY),
    (390, "light", COLOURS_ONLY),
    (390, "dark", EVERY_RULE),
    (320, "light", None),
)
REFUSALS = {
    429: errors.TooManyRequests(retry_after=4000),
    500: RuntimeError(),
}
# Links inside a sentence may be as high as its line (WCAG 2.2, 2.5.8); the skip link is for keys.
SMALL_TARGETS = """
    const found = [...document.querySelectorAll("a:not(.skip), button, input:not([type=hidden])")];
    return found.filter(one => getComputedStyle(one).display != "inline" && one.checkVisibility())
        .map(one => one.type == "checkbox" ? one.labels[0] : one)
        .filter(one => one.getBoundingClientRect().height < 44)
        .map(one => "hard to hit: " + one.textContent.trim());
"""
SCRIPTS = "return [...document.scripts].map(one => one.src)"
TOO_WIDE = "return document.documentElement.scrollWidth > innerWidth"


@dataclass
class House:
    """A running service, rows for it, and the page of another site."""

    app: Flask
    url: str
    other: str
    foreign: dict[str, str] = field(default_factory=lambda: {"page": ""})

    def __post_init__(self):
        self.runtime = self.app.extensions["gatehouse"]
        self.make = Factory(self.runtime)

    def link(self, user, purpose: LinkPurpose) -> str:
        """The path that the mailed link of a person leads to."""
        with unit_of_work(self.runtime, Origin()) as ctx:
            row = renew_link(ctx, user, purpose, address=f"new-{user.email}")
            ctx.db.flush()
            return address_of_link(ctx, row.id).removeprefix(self.url)

    def invitation(self, org: Organization, **fields: str) -> str:
        invite = self.make.invite(org, **fields)
        with unit_of_work(self.runtime, Origin()) as ctx:
            return address_of_invite(ctx, invite).removeprefix(self.url)

    def factor_reset(self, user) -> str:
        """The path of the link that cancels a reset of a person's factors."""
        with unit_of_work(self.runtime, Origin()) as ctx:
            row = FactorReset(user_id=user.id, reason="Met.", nonce="0" * 32, due_at=ctx.now)
            ctx.db.add(row)
            ctx.db.flush()
            return address_of_reset(ctx, row).removeprefix(self.url)


@pytest.fixture(scope="module")
def house(migrated) -> Iterator[House]:
    port, other_port = free_port(), free_port()
    chosen = {**migrated("sqlite"), "APP_URL": f"http://localhost:{port}"}
    chosen |= {"FLASK_ENV": "testing", "LOG_LEVEL": "error", "RATELIMIT_ENABLED": "false"}
    app = create_app(read_settings(chosen))

    @app.get("/refused/<int:status>")
    def refuse(status: int):
        raise REFUSALS[status]

    def another_site(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [foreign["page"].encode()]

    with served(app, port) as url, served(another_site, other_port) as other:
        house = House(app, url, other)
        foreign = house.foreign
        yield house
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture(scope="module")
def chrome(tmp_path_factory) -> Iterator[Browser]:
    if MISSING:
        pytest.fail(f"{MISSING} not found: {chromium.REMEDY}")
    with ChromeDriver(tmp_path_factory.mktemp("chromium")) as driver, driver.open() as browser:
        yield browser


@pytest.fixture
def browser(chrome) -> Browser:
    """As new, and able to run scripts, as most are."""
    chrome.start_over(scripts=True)
    return chrome


@pytest.fixture
def plain(chrome) -> Browser:
    """As new, and without JavaScript."""
    chrome.start_over(scripts=False)
    return chrome


def send(browser: Browser, url: str = "", **fields: str) -> None:
    """Fill in the form of the page at ``url``, or of the one that is open, and send it."""
    if url:
        browser.go(url)
    browser.fill(**fields)
    browser.click(SUBMIT)


def sign_in(browser: Browser, house: House, email: str, password: str = PASSWORD) -> None:
    send(browser, f"{house.url}/login", email=email, password=password)


def sign_out(browser: Browser, house: House) -> None:
    send(browser, f"{house.url}/logout")
    assert comes_to(browser, f"{house.url}/")


def comes_to(browser: Browser, url: str) -> bool:
    return wait_until(lambda: browser.url == url)


def says(browser: Browser, words: str, where: str = "body") -> bool:
    def is_said() -> bool:
        with suppress(RuntimeError):  # There is no such element yet.
            return words in browser.text(where)
        return False

    return wait_until(is_said)


def wrong_with(browser: Browser) -> list[str]:
    """What is wrong with the page that is open: light and dark, on a desk and on a phone."""
    found = []
    for width, scheme, rules in LOOKS:
        browser.look_like(width=width, scheme=scheme)
        wrong = browser.run(SMALL_TARGETS) + (browser.violations(rules) if rules else [])
        if browser.run(TOO_WIDE):
            wrong.append("wider than the window")
        found += [f"{width} {scheme}: {one}" for one in wrong]
    # That a page is a refusal is no fault of the page.
    complaints = [one for one in browser.console() if "responded with a status of" not in one]
    return found + complaints


def wrong_with_all(browser: Browser, house: House, *paths: str) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        browser.go(house.url + path)
        assert browser.text("h1"), path
        found[path] = wrong_with(browser)
    return {path: wrong for path, wrong in found.items() if wrong}


def test_everybody_can_use_the_pages_of_the_door(browser, house):
    pages = ("/", "/login", "/login?next=/account/password", "/register", "/forgot-password")

    assert wrong_with_all(browser, house, *pages, "/logout") == {}


def test_everybody_can_use_the_pages_of_links(browser, house):
    user = house.make.user()
    links = [house.link(user, purpose) for purpose in LinkPurpose]
    org = house.make.organization(name="Marlowe & Sons")
    offers = [house.invitation(org), house.invitation(org, email=user.email)]
    assert len({link.split("/")[1] for link in links}) == len(LinkPurpose)

    spent = ("/reset-password/x", "/invite/x", "/factor-reset/x")
    links += [house.factor_reset(user), *spent]

    assert wrong_with_all(browser, house, *links, *offers) == {}


def test_everybody_can_use_the_pages_of_who_is_signed_in(browser, house):
    user = house.make.user(full_name="Kim " + "long " * 20)
    for name in ("A" * 100, "Acme"):
        house.make.member(house.make.organization(name=name), Role.ADMIN, user=user)
    house.make.session(user.id)
    sign_in(browser, house, user.email)
    assert says(browser, "Your account")
    offer = house.invitation(house.make.organization(), email=user.email)
    account = ("/", "/account/password", "/applications", "/security", "/reauthenticate/code")
    pages = (*account, "/logout", "/reauthenticate", offer)

    assert wrong_with_all(browser, house, *pages) == {}


def test_everybody_can_use_what_is_shown_when_something_fails(browser, house):
    pages = [f"/refused/{status}" for status in REFUSALS]

    assert wrong_with_all(browser, house, "/nowhere", *pages) == {}


def test_everybody_can_use_a_form_that_was_refused_and_a_note(browser, house):
    send(browser, f"{house.url}/register", email="nobody", password="abc")
    assert says(browser, "look at this again", "[role=alert]")
    assert wrong_with(browser) == []

    send(browser, f"{house.url}/forgot-password", email="somebody@example.test")
    assert says(browser, "on its way", "[role=status]")
    assert wrong_with(browser) == []


def test_what_examines_the_pages_finds_what_is_wrong(browser, house):
    browser.go(f"{house.url}/login")
    browser.run(
        "document.querySelector('label').remove();"
        "document.querySelector('main a').style = 'display: block; width: 3000px; height: 20px';"
        "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
    )

    found = "\n".join(wrong_with(browser))
    for words in ("label: ", "hard to hit: Forgot", "wider than", "Content Security Policy"):
        assert words in found


def test_no_script_is_needed_from_the_registration_to_the_sign_out(plain, house):
    plain.go("data:text/html,<p>None ran.</p><script>document.body.textContent = 'x'</script>")
    assert plain.text() == "None ran."
    plain.go(f"{house.url}/account/password")
    assert comes_to(plain, f"{house.url}/login?next=%2Faccount%2Fpassword")
    email = "browser-walk@example.test"

    plain.click('main a[href^="/register"]')
    send(plain, email=email, full_name="Kim Marlowe", password=NEW, password_confirm=NEW)
    assert comes_to(plain, f"{house.url}/account/password")
    first = plain.cookies()["gatehouse_session"]

    send(plain, current_password=NEW, new_password=NEWER, new_password_confirm=NEWER)
    assert says(plain, "Your password is changed", "[role=status]")
    assert "Kim Marlowe" in plain.text("h1")
    assert plain.cookies()["gatehouse_session"] != first

    sign_out(plain, house)
    assert "gatehouse_session" not in plain.cookies()
    sign_in(plain, house, email, NEWER)
    assert says(plain, "Kim Marlowe")


def test_no_script_is_needed_for_the_links_of_mails(plain, house):
    user, chosen = house.make.user(), {"password": NEW, "password_confirm": NEW}
    sign_in(plain, house, user.email)
    assert comes_to(plain, f"{house.url}/")
    send(plain, house.url + house.link(user, LinkPurpose.VERIFY))
    assert says(plain, "Your address is confirmed.", "[role=status]")

    send(plain, house.url + house.link(user, LinkPurpose.RESET), **chosen)
    assert says(plain, "Your new password is set.", "[role=status]")

    offer = house.invitation(house.make.organization(name="Harbour Lights"))
    send(plain, house.url + offer, full_name="Kim", **chosen)
    assert says(plain, "Harbour Lights")


def test_going_back_after_the_sign_out_shows_nothing(plain, house):
    """Threat 82."""
    user = house.make.user(full_name="Somebody Private")
    sign_in(plain, house, user.email)
    assert says(plain, "Somebody Private")
    sign_out(plain, house)

    for _ in range(2):
        plain.back()

    assert "Somebody Private" not in plain.text()


def test_a_refused_form_has_the_focus_where_it_was_wrong(plain, house):
    sign_in(plain, house, "nobody@example.test", "wrong horse")
    assert says(plain, "not right", "[role=alert]")
    assert wait_until(lambda: plain.focus() == "password")

    send(plain, f"{house.url}/register", email="kim@example.test", password="abc")
    assert says(plain, "at least 8", "#password-error")
    assert wait_until(lambda: plain.focus() == "password")


def test_a_keyboard_is_enough_and_shows_where_it_is(plain, house):
    user = house.make.user(full_name="Kim Keys")
    plain.go(f"{house.url}/login")
    assert wait_until(lambda: plain.focus() == "email")
    order = []
    for _ in range(4):
        plain.press(TAB)
        order.append(plain.focus())
    assert order == ["password", "Sign in", "Forgot your password?", "Create an account"]

    plain.go(f"{house.url}/logout")
    plain.press(TAB)
    assert plain.focus() == "Skip to the content"
    plain.press(ENTER)
    plain.press(TAB)
    assert plain.focus() == "Sign in"

    plain.press(ENTER)
    assert wait_until(lambda: plain.focus() == "email")
    for key in (user.email, TAB, PASSWORD, ENTER):
        plain.press(key)
    assert says(plain, "Kim Keys")


def test_the_page_of_another_site_can_neither_post_nor_frame_ours(browser, house):
    """Threats 51, 86 and 89: with what a browser really sends, cookies included."""
    user = house.make.user(full_name="Victim")
    sign_in(browser, house, user.email)
    assert says(browser, "Victim")
    house.foreign["page"] = (
        f'<form method=post action="{house.url}/logout"><button>x</button></form>'
        f'<iframe src="{house.url}/login"></iframe>'
    )

    browser.go(house.other)
    assert any("frame-ancestors" in one for one in browser.console())
    browser.click("button")

    assert says(browser, "not sent from a page of ours")
    browser.go(house.url)
    assert "Victim" in browser.text()


@pytest.mark.parametrize(
    "address", ["/login?next=%22%3E%3Cscript%3E", "/#%3Cimg%20src=x%20onerror=alert(1)%3E"]
)
def test_what_an_address_says_runs_nothing(browser, house, address):
    """Threat 92: no script but ours is there that could read it, and none can be brought in."""
    browser.go(house.url + address)

    ours = f"{house.url}/assets/"
    assert all(one.startswith(ours) for one in browser.run(SCRIPTS))
    assert "onerror" not in browser.source
    browser.run(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s)"
    )
    assert browser.run("return window.ran") is None


def test_the_documentation_of_the_api_is_dark_where_the_machine_is(browser, house):
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    browser.look_like(scheme="dark")
    browser.go(f"{house.url}/api/docs")
    assert says(browser, "Gatehouse")
    dark = browser.run(ground)

    browser.look_like(scheme="light")

    assert wait_until(lambda: browser.run(ground) != dark)
    assert browser.console() == []
