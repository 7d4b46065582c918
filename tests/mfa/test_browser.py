"""Passkeys in a real Chromium, with authenticators that are not of metal.

What a browser and an authenticator really say, not what a library makes of it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from gatehouse.accounts.models import User
from gatehouse.app import create_app
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.settings import read_settings
from gatehouse.sessions.models import Session
from tests.login.test_browser import (
    House,
    browser,
    chrome,
    comes_to,
    house,
    says,
    send,
    sign_in,
    sign_out,
    wrong_with,
)
from tests.mfa.holders import (
    BROKEN_OFF,
    CODES,
    OTHER,
    PASSKEY,
    TOUCH_ONLY,
    come_to_the_second_step,
    holder,
    is_in,
    nothing_to_complain_of,
    passkey_of,
    register,
)
from tests.processes import free_port
from tests.serving import served

__all__ = ["browser", "chrome", "house", "nothing_to_complain_of"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]

DAY = "86400"
DELETE = "form[action$=delete] button"
# As keys were before FIDO2.
U2F = TOUCH_ONLY | {"protocol": "ctap1/u2f"}
# A clock in which four minutes are a quarter of a second.
HURRY = """
    const [now, later, start] = [Date.now, setTimeout, Date.now()];
    Date.now = () => start + (now() - start) * 1000;
    window.setTimeout = (what, after) => later(what, after / 1000);
"""


def amr_of(house: House, user: User) -> str:
    """What the youngest session of a person has proved."""
    own = select(Session.amr).where(Session.user_id == user.id).order_by(Session.id.desc())
    with house.runtime.reading() as db:
        return str(db.scalars(own).first())


def an_hour_goes_by(house: House, user: User, since: str) -> None:
    """Since the last ``auth_time``, or the last ``mfa_time``."""
    with unit_of_work(house.runtime, Origin()) as ctx:
        old = {since: ctx.now - timedelta(hours=1)}
        ctx.db.execute(update(Session).where(Session.user_id == user.id).values(**old))
        ctx.forget(user.id)


def test_a_passkey_is_made_named_and_signs_in_by_a_press(browser, house):
    key = browser.authenticator()
    user = holder(browser, house)
    assert len(CODES.findall(browser.text("main"))) == 10
    browser.click("a.main")
    assert says(browser, "Blue key", "[aria-labelledby=passkeys]")
    assert "10 codes are left" in browser.text()
    assert not CODES.findall(browser.text())
    assert [one["userName"] for one in key.passkeys()] == [user.email]

    key.waits(for_a_touch=True)
    sign_out(browser, house)
    browser.go(f"{house.url}/login?next=/security")
    browser.click(PASSKEY)
    key.waits(for_a_touch=False)
    browser.click(PASSKEY)

    assert comes_to(browser, f"{house.url}/security")
    assert "last used" in browser.text()
    assert amr_of(house, user) == "hwk user mfa"


def test_the_field_offers_a_passkey_by_itself(browser, house):
    """The virtual authenticator chooses at once what people choose from the list of the field."""
    browser.authenticator(defaultBackupEligibility=True, defaultBackupState=True)
    user = holder(browser, house)
    sign_out(browser, house)

    browser.go(f"{house.url}/login?next=/security")

    assert comes_to(browser, f"{house.url}/security")
    assert "Synced between your devices." in browser.text()
    assert amr_of(house, user) == "swk user mfa"


@pytest.mark.parametrize("traits", [{}, TOUCH_ONLY, U2F], ids=["phone", "touch", "u2f"])
def test_after_the_password_a_touch_is_enough(browser, house, traits):
    key = browser.authenticator(**traits)
    user = holder(browser, house)
    key.waits(for_a_touch=True)
    come_to_the_second_step(browser, house, user)
    key.waits(for_a_touch=False)
    browser.click(PASSKEY)

    assert is_in(browser)
    assert amr_of(house, user) == ("pwd hwk user" if traits else "pwd hwk user mfa")


def test_a_touch_alone_lets_nobody_in(browser, house):
    """Threat 133."""
    browser.authenticator(**TOUCH_ONLY)
    user = holder(browser, house)
    sign_out(browser, house)

    browser.go(f"{house.url}/login")
    browser.click(PASSKEY)

    assert says(browser, BROKEN_OFF)
    sign_in(browser, house, user.email)
    assert says(browser, "One more step", "h1")


def test_a_passkey_confirms_who_is_signed_in(browser, house):
    browser.authenticator()
    user = holder(browser, house)
    own = f"{house.url}/security/passkeys/{passkey_of(house, user)}"
    an_hour_goes_by(house, user, "auth_time")

    browser.go(f"{house.url}/security/passkeys/new")
    assert comes_to(browser, f"{house.url}/reauthenticate?next=%2Fsecurity%2Fpasskeys%2Fnew")
    browser.click(PASSKEY)
    assert comes_to(browser, f"{house.url}/security/passkeys/new")

    an_hour_goes_by(house, user, "mfa_time")
    browser.go(own)
    browser.click(DELETE)
    assert says(browser, "Confirm that it is you", "h1")
    assert "/reauthenticate/code" in browser.url
    browser.click(PASSKEY)
    assert comes_to(browser, own)


def test_passkeys_are_renamed_and_deleted_the_last_one_too(browser, house):
    first = browser.authenticator()
    holder(browser, house, "Blue key")
    first.unplug()
    browser.authenticator(transport="usb")
    register(browser, house)
    assert "Security key" in browser.text("[aria-labelledby=passkeys]")

    browser.click("[aria-labelledby=passkeys] li:last-child a")
    assert "your only second factor" not in browser.text()
    browser.run("document.getElementById('name').value = ''")
    send(browser, name="Desk")
    assert says(browser, "Desk", "[aria-labelledby=passkeys]")
    for left in (1, 0):
        browser.click("[aria-labelledby=passkeys] li:last-child a")
        assert ("your only second factor" in browser.text()) is (left == 0)
        browser.click(DELETE)
        assert says(browser, "The passkey is deleted.", "[role=status]")

    assert "Add a passkey" in browser.text()
    assert "Recovery codes" not in browser.text()


def test_one_authenticator_makes_one_passkey_and_two_make_two(browser, house):
    first = browser.authenticator()
    user = holder(browser, house)
    browser.go(f"{house.url}/security/passkeys/new")
    browser.click(PASSKEY)
    assert says(browser, "A passkey of your account is kept there already.")
    assert BROKEN_OFF not in browser.text()
    assert len(first.passkeys()) == 1

    first.unplug()
    second = browser.authenticator(transport="usb")
    browser.click(PASSKEY)
    assert says(browser, "The passkey is registered.", "[role=status]")
    second.waits(for_a_touch=True)
    come_to_the_second_step(browser, house, user)
    second.waits(for_a_touch=False)
    browser.click(PASSKEY)
    assert is_in(browser)


def test_the_passkey_of_somebody_else_is_not_asked_for(browser, house):
    """Threat 128."""
    mine = browser.authenticator()
    user = holder(browser, house)
    codes = CODES.findall(browser.text("main"))
    sign_out(browser, house)
    mine.unplug()
    theirs = browser.authenticator()
    other = holder(browser, house)
    theirs.waits(for_a_touch=True)
    come_to_the_second_step(browser, house, user)
    theirs.waits(for_a_touch=False)
    browser.click(PASSKEY)
    assert says(browser, BROKEN_OFF)
    browser.fill(code=codes[0])
    browser.click(OTHER)

    assert is_in(browser)
    assert amr_of(house, user) == "pwd otp"
    assert amr_of(house, other) == "pwd hwk user mfa"


def test_what_is_broken_off_is_said_and_the_other_ways_remain(browser, house):
    key = browser.authenticator()
    user = holder(browser, house)
    key.verifies(right=False)
    sign_out(browser, house)

    browser.go(f"{house.url}/login")
    assert browser.alerts() == []
    browser.click(PASSKEY)
    assert says(browser, BROKEN_OFF)
    assert [BROKEN_OFF in one for one in browser.alerts()] == [True]
    assert browser.focus() == "Sign in with a passkey"
    assert wrong_with(browser) == []

    key.verifies(right=True)
    browser.click(PASSKEY)
    assert is_in(browser)
    assert amr_of(house, user) == "hwk user mfa"


def test_a_page_that_was_left_open_gets_a_fresh_challenge(browser, house):
    """The challenge of the page ran out long ago, and the offer is made anew by itself."""
    key = browser.authenticator()
    user = holder(browser, house)
    key.waits(for_a_touch=True)
    sign_out(browser, house)
    browser.run_first(HURRY)
    browser.go(f"{house.url}/login?next=/security")

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        key.waits(for_a_touch=False)
        assert comes_to(browser, f"{house.url}/security")
    assert amr_of(house, user) == "hwk user mfa"


def test_a_press_on_an_old_page_asks_for_a_fresh_challenge_first(browser, house):
    key = browser.authenticator(**TOUCH_ONLY)
    user = holder(browser, house)
    come_to_the_second_step(browser, house, user)

    browser.run("const now = Date.now; Date.now = () => now() + 360000")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        browser.click(PASSKEY)
        assert is_in(browser)
    assert key.passkeys()


@pytest.fixture
def cottage(migrated) -> Iterator[House]:
    """A service below a path that keeps people signed in who want that."""
    port = free_port()
    chosen = {**migrated("sqlite"), "APP_URL": f"http://localhost:{port}/gate"}
    chosen |= {"FLASK_ENV": "testing", "LOG_LEVEL": "error", "RATELIMIT_ENABLED": "false"}
    chosen |= {"SESSION_REMEMBER_IDLE_TIMEOUT": DAY, "SESSION_REMEMBER_ABSOLUTE_TIMEOUT": DAY}
    app = create_app(read_settings(chosen))

    def below(environ, start_response):
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/gate")
        return app(environ, start_response)

    with served(below, port) as url:
        yield House(app, f"{url}/gate", "")
    app.extensions["gatehouse"].engine.dispose()


def test_all_of_it_works_below_a_path(browser, cottage):
    key = browser.authenticator()
    holder(browser, cottage)
    key.waits(for_a_touch=True)
    sign_out(browser, cottage)
    browser.run_first(HURRY)
    browser.go(f"{cottage.url}/login?next=/security")

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        key.waits(for_a_touch=False)
        assert comes_to(browser, f"{cottage.url}/security")


def test_a_box_that_is_ticked_holds_for_the_passkey_as_well(browser, cottage):
    key = browser.authenticator()
    user = holder(browser, cottage)
    key.waits(for_a_touch=True)
    sign_out(browser, cottage)

    browser.go(f"{cottage.url}/login")
    browser.click("#remember_me")
    key.waits(for_a_touch=False)
    browser.click(PASSKEY)

    assert is_in(browser)
    own = select(Session.idle_seconds).where(Session.user_id == user.id).order_by(Session.id)
    with cottage.runtime.reading() as db:
        first, last = db.scalars(own).all()
    assert first < last
