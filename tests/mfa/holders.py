"""Somebody who has made a passkey, in a browser."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.mfa.models import Passkey
from tests.chromium import Browser
from tests.login.test_browser import House, says, send, sign_in, sign_out

PASSKEY, OTHER = "form.passkey button", "form:not(.passkey) button"
CODES = re.compile(r"\b[0-9A-F]{4}(?:-[0-9A-F]{4}){3}\b")
BROKEN_OFF = "That did not work, or was broken off."
# An authenticator that asks nobody who they are.
TOUCH_ONLY = {"transport": "usb", "hasResidentKey": False, "hasUserVerification": False}


@pytest.fixture(autouse=True)
def nothing_to_complain_of(chrome: Browser) -> Iterator[None]:
    """No script fails, and none is stopped by our policy. That a page is a refusal is no fault."""
    yield
    complaints = [one for one in chrome.console() if "responded with a status of" not in one]
    assert complaints == []


def register(browser: Browser, house: House, name: str = "") -> None:
    """Make a passkey with what is plugged in."""
    send(browser, f"{house.url}/security/passkeys/new", name=name)
    assert says(browser, "The passkey is registered.", "[role=status]")


def holder(browser: Browser, house: House, name: str = "Blue key") -> User:
    """Somebody new who is signed in, and has just made a passkey."""
    user = house.make.user()
    sign_in(browser, house, user.email)
    assert says(browser, "Your account")
    register(browser, house, name)
    assert browser.text("h1") == "Recovery codes"
    return user


def come_to_the_second_step(browser: Browser, house: House, user: User) -> None:
    """Sign out, and in again with the password."""
    sign_out(browser, house)
    sign_in(browser, house, user.email)
    assert says(browser, "One more step", "h1")


def passkey_of(house: House, user: User) -> UUID:
    with house.runtime.reading() as db:
        return db.scalars(select(Passkey.id).where(Passkey.user_id == user.id)).one()


def is_in(browser: Browser) -> bool:
    return says(browser, "Your account", "h1, .lead, nav")
