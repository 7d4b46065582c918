"""Links that have the code of a device in them: given where they do, and never enough alone."""

from typing import Any

import pytest

from tests.oidc_provider.devices import GRANT, OFFLINE, Device, say, typed
from tests.relying import ISSUER, Person, Rp, basic


@pytest.fixture
def tv(make_rp: Any) -> Rp:
    """A client that asks for little, and does not want the code typed."""
    return make_rp(grant_types=[GRANT], device_flow_confirm=False)


@pytest.fixture
def console(make_rp: Any) -> Rp:
    """A public client that stays signed in, with the usual settings."""
    return make_rp(grant_types=[GRANT, "refresh_token"], token_endpoint_auth_method="none")


def test_opening_the_link_alone_approves_nothing(person: Person, tv: Rp):
    """DEV-06, DEV-12."""
    device = Device(tv)
    page = person.open(f"/device?user_code={device.user_code}")
    page = person.sign_in(page)

    assert device.user_code in page.text
    assert device.hears() == "authorization_pending"
    page = person.post("/device", page)
    assert page.request.path != "/device"
    assert device.hears() == "slow_down"
    assert "is let in" in say(person, page).text
    assert device.poll().status_code == 200


@pytest.mark.parametrize(
    ("confirms", "scope", "has_link"),
    [(False, "openid", True), (False, OFFLINE, False), (True, "openid", False)],
)
def test_a_link_is_given_where_it_does(make_rp: Any, scope: str, *, confirms: bool, has_link: bool):
    """Ruling 32: nobody follows a link with the code in it to be asked for the code."""
    settings = {"grant_types": [GRANT, "refresh_token"], "device_flow_confirm": confirms}

    told = Device(make_rp(**settings), scope=scope).told

    assert ("verification_uri_complete" in told) == has_link
    assert told["verification_uri"] == f"{ISSUER}/device"


def test_a_command_line_is_named_with_its_machine(person: Person, tv: Rp):
    """SSH-34: as far as it tells of itself, and nothing that is no name of a machine."""
    tell = {"User-Agent": "Gatehouse-CLI/1.0.0 (Linux; kims-laptop.example)", **basic(tv.client_id)}
    told = tv.http.post("/oidc/device_authorization", data={}, headers=tell).json

    page = typed(person, told["user_code"])

    assert "Gatehouse command line on Linux, kims-laptop.example" in page.text


def test_a_link_does_not_do_where_the_code_is_to_be_typed(person: Person, console: Rp):
    """DEV-12, ruling 32, threat 40."""
    device = Device(console, scope=OFFLINE)
    page = person.sign_in(person.open(f"/device?user_code={device.user_code}"))

    page = person.post("/device", page)

    assert page.request.path == "/device"
    assert "Type the code" in page.text
    assert device.user_code not in page.text
