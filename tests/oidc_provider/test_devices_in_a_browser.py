"""The pages of devices and of the way out in a real Chromium, without scripts, seen by axe-core."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.login.test_browser import (
    MISSING,
    Browser,
    House,
    browser,
    chrome,
    comes_to,
    house,
    plain,
    says,
    sign_in,
    wrong_with,
)
from tests.relying import Rp, basic, make_client

__all__ = ["browser", "chrome", "house", "plain"]

pytestmark = [pytest.mark.integration, pytest.mark.slow]
if MISSING and not os.environ.get("CI"):
    pytest.skip(f"{MISSING} not found", allow_module_level=True)

CIBA = "urn:openid:params:grant-type:ciba"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
IMAGES = Path(os.environ.get("PICTURES", ""))


def photographed(browser: Browser, name: str) -> None:
    """Keep a picture for docs/images where one is asked for: PICTURES=docs/images."""
    if os.environ.get("PICTURES"):
        browser.look_like(width=560, height=400)
        (IMAGES / name).write_bytes(browser.picture())


def begun(house: House, **settings: Any) -> tuple[Rp, dict[str, Any]]:
    chosen = {"grant_types": [GRANT, "refresh_token"], **settings}
    client = make_client(house.runtime, fields={"name": "Harbour Console"}, **chosen)
    rp = Rp(house.app, client, "203.0.113.7")
    headers = {**basic(rp.client_id), "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    data = {"scope": "openid profile offline_access"}
    told = rp.http.post("/oidc/device_authorization", data=data, headers=headers).json
    return rp, told


def test_everybody_can_let_a_device_in(plain: Browser, house: House):
    user = house.make.user(full_name="Kim Marlowe")
    sign_in(plain, house, user.email)
    assert says(plain, "Kim Marlowe")
    rp, told = begun(house)

    plain.go(f"{house.url}/device?user_code={told['user_code']}")
    assert says(plain, told["user_code"])
    plain.click("main form button")
    assert says(plain, "Type the code", "[role=status]")
    plain.fill(user_code=told["user_code"].lower())
    plain.click("main form button")
    assert says(plain, "Confirm that it is you", "h1")
    plain.fill(password="correct horse battery staple")
    plain.click("main form button")
    assert says(plain, "Let Harbour Console in?", "h1")
    plain.click("button.main")
    assert says(plain, "is let in", "h1")

    device = {"grant_type": GRANT, "device_code": told["device_code"]}
    assert rp.token(**device).status_code == 200


def test_everybody_can_use_the_pages_of_devices(browser: Browser, house: House):
    user = house.make.user(email="kim.marlowe@harbour.example")
    sign_in(browser, house, user.email)
    assert comes_to(browser, f"{house.url}/")
    _, told = begun(house)
    found = {}
    for path in ("/device", f"/device?user_code={told['user_code']}", "/device?user_code=1"):
        browser.go(house.url + path)
        found[path] = wrong_with(browser)
    browser.fill(user_code="wrong")
    browser.click("main form button")
    assert says(browser, "No device waits", "[role=alert]")
    found["wrong code"] = wrong_with(browser)
    browser.go(f"{house.url}/device")
    browser.fill(user_code=told["user_code"])
    browser.click("main form button")
    assert says(browser, "Confirm that it is you", "h1")
    browser.fill(password="correct horse battery staple")
    browser.click("main form button")
    assert says(browser, "Let Harbour Console in?", "h1")
    found["request"] = wrong_with(browser)
    photographed(browser, "device.png")
    browser.click("button.quiet")
    assert says(browser, "is kept out", "h1")
    found["answer"] = wrong_with(browser)

    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def test_everybody_can_use_the_pages_of_requests(browser: Browser, house: House):
    user = house.make.user()
    sign_in(browser, house, user.email)
    assert comes_to(browser, f"{house.url}/")
    found = {}
    browser.go(f"{house.url}/requests")
    found["none"] = wrong_with(browser)
    settings = {"grant_types": [CIBA], "device_flow_confirm": False}
    client = make_client(house.runtime, fields={"name": "Harbour Console"}, **settings)
    data = {"scope": "openid", "login_hint": user.email, "binding_message": "Desk 7"}
    headers = basic(client.client_id)
    Rp(house.app, client).http.post("/oidc/bc-authorize", data=data, headers=headers)
    browser.go(f"{house.url}/requests")
    found["list"] = wrong_with(browser)
    browser.click("main a.button")
    assert says(browser, "Let Harbour Console in?", "h1")
    found["request"] = wrong_with(browser)
    browser.click("button.main")
    assert says(browser, "is let in", "h1")
    found["answer"] = wrong_with(browser)

    assert {place: wrong for place, wrong in found.items() if wrong} == {}


def test_everybody_can_use_the_way_out(browser: Browser, house: House):
    back = f"{house.other}/"
    user = house.make.user()
    settings = {"redirect_uris": [f"{house.other}/callback"], "require_pkce": False}
    client = make_client(house.runtime, post_logout_redirect_uris=[back], **settings)
    rp = Rp(house.app, client)
    sign_in(browser, house, user.email)
    assert comes_to(browser, f"{house.url}/")
    query = urlencode({"client_id": rp.client_id, "post_logout_redirect_uri": back, "state": "1"})

    browser.go(f"{house.url}/oidc/logout?{query}")
    assert says(browser, "Sign out here as well?", "h1")
    assert wrong_with(browser) == []
    browser.click("button.main")

    assert comes_to(browser, f"{back}?state=1")
    browser.go(f"{house.url}/oidc/logout?{query}")
    assert says(browser, "You are signed out", "h1")
    assert wrong_with(browser) == []
