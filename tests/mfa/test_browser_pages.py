"""The pages of factors in a real Chromium: for everybody, with and without scripts."""

import pytest
from sqlalchemy import update

from gatehouse.accounts.models import User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.mfa.models import Passkey
from tests.chromium import ENTER, TAB
from tests.login.test_browser import (
    House,
    browser,
    chrome,
    house,
    plain,
    says,
    sign_in,
    sign_out,
    wrong_with,
    wrong_with_all,
)
from tests.mfa.holders import (
    CODES,
    OTHER,
    PASSKEY,
    TOUCH_ONLY,
    holder,
    is_in,
    nothing_to_complain_of,
    passkey_of,
)
from tests.processes import wait_until

__all__ = ["browser", "chrome", "house", "nothing_to_complain_of", "plain"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]

SHIFTS = """
    window.seen = [];
    const watch = new PerformanceObserver(list => seen.push(...list.getEntries()));
    for (const type of ["paint", "layout-shift"]) watch.observe({type, buffered: true});
"""
PAINTED = "return seen.some(one => one.entryType == 'paint')"
MOVED = "return seen.filter(one => one.entryType == 'layout-shift').map(one => one.value)"


def count_on(house: House, user: User, count: int) -> None:
    """As if the passkey of this person had told this count."""
    with unit_of_work(house.runtime, Origin()) as ctx:
        own = update(Passkey).where(Passkey.user_id == user.id)
        ctx.db.execute(own.values(sign_count=count))


def test_without_scripts_the_other_ways_remain(chrome, plain, house):
    chrome.start_over(scripts=True)
    chrome.authenticator()
    user = holder(chrome, house)
    codes = CODES.findall(chrome.text("main"))
    plain.start_over(scripts=False)

    plain.go(f"{house.url}/login")
    assert "passkey" not in plain.text().lower()
    sign_in(plain, house, user.email)
    assert says(plain, "Passkeys do not work in this browser")
    assert "Use your passkey" not in plain.text()
    plain.fill(code=codes[0])
    plain.click(OTHER)
    assert is_in(plain)

    plain.go(f"{house.url}/security/passkeys/new")
    assert says(plain, "Passkeys do not work in this browser")


def test_a_browser_that_knows_no_passkeys_is_told_so(browser, house):
    user = house.make.user()
    browser.run_first("delete window.PublicKeyCredential.parseCreationOptionsFromJSON")
    sign_in(browser, house, user.email)
    assert is_in(browser)

    browser.go(f"{house.url}/security/passkeys/new")

    assert says(browser, "Passkeys do not work in this browser")
    assert "Continue" not in browser.text()
    assert wrong_with(browser) == []


def test_a_refusal_is_said_and_the_focus_is_where_one_goes_on(browser, house):
    browser.authenticator(**TOUCH_ONLY)
    user = holder(browser, house)
    sign_out(browser, house)
    count_on(house, user, 1_000_000)
    sign_in(browser, house, user.email)
    assert says(browser, "One more step", "h1")

    browser.click(PASSKEY)
    assert says(browser, "counted backwards", "#problem")
    assert browser.run("return document.title").startswith("Error: ")
    browser.fill(code="wrong")
    browser.click(OTHER)
    assert says(browser, "This code is not right", "#problem")
    assert wait_until(lambda: browser.focus() == "code")
    count_on(house, user, 0)
    browser.click(PASSKEY)

    assert is_in(browser)


def test_who_has_no_factor_is_told_where_to_set_one_up(browser, house):
    sign_in(browser, house, house.make.user().email)
    assert is_in(browser)

    browser.go(f"{house.url}/reauthenticate/code")

    assert says(browser, "your account has none yet")
    browser.click("a.main")
    assert says(browser, "Security", "h1")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_when_the_script_shows_its_form(browser, house, width):
    browser.look_like(width=width)
    browser.run_first(SHIFTS)

    browser.go(f"{house.url}/login")

    assert wait_until(lambda: browser.run(PAINTED))
    assert browser.text(PASSKEY) == "Sign in with a passkey"
    assert browser.run(MOVED) == []


def test_a_keyboard_is_enough_and_finds_all_in_its_order(browser, house):
    key = browser.authenticator(**TOUCH_ONLY)
    user = holder(browser, house)
    browser.go(f"{house.url}/security/passkeys/new")
    order = []
    for _ in range(5):
        browser.press(TAB)
        order.append(browser.focus())
    assert order[2:] == ["name", "Continue", "Not now"]

    sign_out(browser, house)
    browser.go(f"{house.url}/login")
    assert wait_until(lambda: browser.focus() == "email")
    order = []
    for _ in range(3):
        browser.press(TAB)
        order.append(browser.focus())
    assert order == ["password", "Sign in", "Sign in with a passkey"]
    sign_in(browser, house, user.email)
    assert says(browser, "One more step", "h1")
    for _ in range(3):
        browser.press(TAB)
    assert browser.focus() == "Use your passkey"
    browser.press(ENTER)
    assert is_in(browser)
    assert key.passkeys()


def test_everybody_can_use_the_pages_of_factors(browser, house):
    key = browser.authenticator(**TOUCH_ONLY)
    user = holder(browser, house, "A name as long as it can be, " * 3)
    assert wrong_with(browser) == []
    browser.go(f"{house.url}/security")
    browser.click("[aria-labelledby=app] button")
    assert says(browser, "Set up an authenticator app", "h1")
    assert wrong_with(browser) == []
    assert key.passkeys()
    house.make.session(user.id)

    own = f"/security/passkeys/{passkey_of(house, user)}"
    pages = ("/security", "/security/passkeys/new", own)
    assert wrong_with_all(browser, house, *pages, "/reauthenticate", "/reauthenticate/code") == {}
    browser.look_like()
    sign_out(browser, house)
    assert wrong_with_all(browser, house, "/login") == {}
    browser.look_like()
    sign_in(browser, house, user.email)
    assert says(browser, "One more step", "h1")
    assert wrong_with(browser) == []
