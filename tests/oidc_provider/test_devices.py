"""Devices: a code that is typed elsewhere, and a poll that waits for the answer (DEV-01..13)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from gatehouse.accounts.models import User
from gatehouse.clients.models import Client
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.models import DeviceRequest
from tests.factories import PASSWORD, Factory
from tests.oidc_provider.devices import GRANT, OFFLINE, Device, say, typed
from tests.relying import ISSUER, Person, Rp, basic

LETTERS = set("BCDFGHJKLMNPQRSTVWXZ")
NEW = "Eight brown barrels 8"


@pytest.fixture
def tv(make_rp: Any) -> Rp:
    """A client that asks for little, and does not want the code typed."""
    return make_rp(grant_types=[GRANT], device_flow_confirm=False)


@pytest.fixture
def console(make_rp: Any) -> Rp:
    """A public client that stays signed in, with the usual settings."""
    return make_rp(grant_types=[GRANT, "refresh_token"], token_endpoint_auth_method="none")


def let_in(person: Person, device: Device) -> Any:
    done = say(person, typed(person, device.user_code))
    assert "is let in" in done.text, done.text
    return device.poll()


def later(runtime: Runtime, device: Device, **times: timedelta) -> None:
    """Let time go by for one request: its times move back."""
    code = device.user_code.replace("-", "")
    with unit_of_work(runtime, Origin()) as ctx:
        row = ctx.db.query(DeviceRequest).filter_by(user_code=code).one()
        for name, by in times.items():
            setattr(row, name, getattr(row, name) - by)


def test_a_device_is_told_what_to_show(tv: Rp):
    """DEV-01, DEV-02."""
    told = Device(tv).told

    letters = told["user_code"].replace("-", "")
    assert len(letters) == 8
    assert set(letters) <= LETTERS
    assert told["verification_uri"] == f"{ISSUER}/device"
    assert told["verification_uri_complete"] == f"{ISSUER}/device?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert told["device_code"].startswith("gdc_")
    assert tv.http.get("/oidc/device_authorization").status_code == 405


def test_a_typed_code_lets_the_device_in_once(
    person: Person, console: Rp, user: User, address: str
):
    """DEV-03, DEV-04, DEV-10."""
    device = Device(console, scope=OFFLINE)
    assert device.hears() == "authorization_pending"

    page = typed(person, device.user_code.lower().replace("-", " "))
    for shown in ("Test App", device.user_code, address, "in front of you", user.email):
        assert shown in page.text
    assert "while you are away" in page.text
    assert "is let in" in say(person, page).text
    answer = device.poll()

    assert answer.status_code == 200, answer.text
    assert console.read(answer.json["id_token"]).claims["sub"] == str(user.id)
    assert console.userinfo(answer.json["access_token"]).json["email"] == user.email
    assert console.refresh(answer.json["refresh_token"]).status_code == 200
    assert device.hears() == "invalid_grant"


def test_whoever_says_no_keeps_it_out(person: Person, tv: Rp):
    """DEV-05."""
    device = Device(tv)

    page = typed(person, device.user_code)

    assert "is kept out" in say(person, page, "deny").text
    assert device.hears() == "access_denied"
    assert device.hears() == "access_denied"
    assert say(person, page).status_code == 400


def test_an_old_sign_in_does_not_do(person: Person, console: Rp, tv: Rp):
    """DEV-12: a fresh one for offline_access, and where the client wants it."""
    person.sign_in(person.open("/login"))
    device = Device(console, scope=OFFLINE)
    page = person.open("/device")
    page = person.post("/device", page, user_code=device.user_code)
    assert page.request.path == "/reauthenticate"
    page = person.sign_in(page)
    assert "is let in" in say(person, page).text

    light = Device(tv)
    page = person.post("/device", person.open("/device"), user_code=light.user_code)
    assert page.request.path.startswith("/device/")


def test_whoever_asks_too_often_is_slowed_down(tv: Rp, runtime: Runtime):
    """DEV-03: five seconds more each time."""
    device = Device(tv)
    assert [device.hears() for _ in range(3)] == ["authorization_pending", *["slow_down"] * 2]

    later(runtime, device, polled_at=timedelta(seconds=12))
    assert device.hears() == "slow_down"
    later(runtime, device, polled_at=timedelta(seconds=20))
    assert device.hears() == "authorization_pending"


def test_a_code_is_over_after_ten_minutes(person: Person, tv: Rp, runtime: Runtime):
    """DEV-13, for the device and for the person."""
    waiting, approved = Device(tv), Device(tv)
    page = typed(person, waiting.user_code)
    say(person, typed(person, approved.user_code))
    for device in (waiting, approved):
        later(runtime, device, expires_at=timedelta(minutes=10))

    assert say(person, page).status_code == 400
    assert typed(person, waiting.user_code).status_code == 400
    assert (waiting.hears(), approved.hears()) == ("expired_token", "expired_token")


def test_codes_are_bound_to_their_client(person: Person, tv: Rp, make_rp: Any):
    """DEV-07, DEV-08, DEV-09, threat 20."""
    device, other = Device(tv), make_rp(grant_types=[GRANT])
    say(person, typed(person, device.user_code))

    assert device.poll(other).json["error"] == "invalid_grant"
    for junk in ("gdc_1", "x", "\u00e4", device.told["user_code"], "gac_" + "a" * 49):
        assert tv.token(grant_type=GRANT, device_code=junk).json["error"] == "invalid_grant"
    assert tv.token(grant_type=GRANT).json["error"] == "invalid_request"
    plain = make_rp()
    assert Device(plain).told["error"] == "unauthorized_client"
    assert device.poll(plain).json["error"] == "unauthorized_client"
    assert device.poll().status_code == 200


def test_who_does_not_prove_to_be_the_client_gets_no_code(tv: Rp):
    for headers, data in (({}, {}), (basic(tv.client_id, "wrong"), {}), ({}, {"client_id": "x"})):
        answer = tv.http.post("/oidc/device_authorization", data=data, headers=headers)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    asked = Device(tv, scope="unknown")
    assert (asked.answer.status_code, asked.told["error"]) == (400, "invalid_scope")
    assert Device(tv, resource="https://not.mine.example").told["error"] == "invalid_target"


def test_five_wrong_codes_are_enough(person: Person, tv: Rp, make: Factory, open_app: Flask):
    """DEV-11, threat 39: then a right one does not count; others are not kept out."""
    device = Device(tv)
    page = person.sign_in(person.open("/device"))
    for wrong in ("BBBB-BBBB", "ZZZZ-ZZZZ", "1", "not a code", "BCDF-GHJA"):
        answer = person.post("/device", page, user_code=wrong)
        assert answer.status_code == 400
        assert "No device waits with this code" in answer.text

    answer = person.post("/device", page, user_code=device.user_code)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 601
    assert "Too many codes were wrong" in answer.text
    other = Person(open_app, make.user().email, REMOTE_ADDR="10.99.0.1")
    assert typed(other, device.user_code).request.path.startswith("/device/")


def test_of_many_wrong_codes_at_once_five_are_looked_up(make_app: Any, make: Factory):
    """DEV-11, threat 39."""
    app = make_app(RATELIMIT_DEVICE="1000/minute")
    person = Person(app, make.user().email, REMOTE_ADDR="10.99.0.2")
    page = person.sign_in(person.open("/device"))
    session = person.http.get_cookie("gatehouse_session").value

    def guess(code: str) -> int:
        own = Person(app, "", REMOTE_ADDR="10.99.0.2")
        own.http.set_cookie("gatehouse_session", session)
        return int(own.post("/device", page, user_code=code).status_code)

    with ThreadPoolExecutor(20) as threads:
        said = sorted(threads.map(guess, ("BBBB-BBBB",) * 20))

    assert said == [400] * 5 + [429] * 15


def test_only_who_typed_the_code_can_answer(person: Person, tv: Rp, make: Factory, open_app: Flask):
    device = Device(tv)
    page = typed(person, device.user_code)
    other = Person(open_app, make.user().email)
    other.sign_in(other.open("/login"))

    assert other.open(page.request.path).status_code == 400
    assert device.hears() == "authorization_pending"


def test_a_yes_is_to_what_was_shown(person: Person, tv: Rp, runtime: Runtime):
    """Words that changed since are shown again."""
    device = Device(tv)
    page = typed(person, device.user_code)
    with unit_of_work(runtime, Origin()) as ctx:
        renamed = update(Client).where(Client.id == tv.client.id).values(name="Other App")
        ctx.db.execute(renamed)

    again = say(person, page)

    assert "Other App" in again.text
    assert device.hears() == "authorization_pending"
    assert "is let in" in say(person, again).text


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_rules_of_the_client_hold_twice(
    person: Person, make_rp: Any, make: Factory, user: User, when: str
):
    """Threat 38: at the yes, and when the tokens are fetched."""
    org = make.organization()
    member = make.member(org, Role.MEMBER, user=user)
    rp = make_rp(org, grant_types=[GRANT], device_flow_confirm=False)
    device = Device(rp)
    page = typed(person, device.user_code)
    if when == "before":
        make.change(member, suspended_at=member.created_at)
        assert say(person, page).status_code == 403
        assert device.hears() == "authorization_pending"
        return
    say(person, page)
    make.change(member, suspended_at=member.created_at)

    assert device.hears() == "invalid_grant"


def test_a_weak_sign_in_is_not_enough_for_a_strict_client(person: Person, make_rp: Any):
    """Threat 38: min_acr."""
    rp = make_rp(grant_types=[GRANT], min_acr="mfa")
    device = Device(rp)

    page = say(person, typed(person, device.user_code))

    assert page.status_code == 403
    assert "stronger sign-in" in page.text


def test_a_client_that_is_switched_off_has_no_devices(person: Person, tv: Rp, make: Factory):
    """Threat 24."""
    device = Device(tv)
    page = typed(person, device.user_code)
    make.change(tv.client, is_active=False)
    tv.app.extensions["gatehouse"].leases.drop()

    assert say(person, page).status_code == 400
    assert (device.poll().status_code, device.hears()) == (401, "invalid_client")


def test_what_ends_with_the_session_and_what_does_not(person: Person, make_rp: Any):
    """Signing out where it was approved ends what is not offline."""
    settings = {"grant_types": [GRANT, "refresh_token"], "always_issue_refresh_token": True}
    rp = make_rp(**settings)
    short = let_in(person, Device(rp, scope="openid")).json
    long = let_in(person, Device(rp, scope=OFFLINE)).json

    person.post("/logout", person.open("/logout"))

    assert rp.userinfo(short["access_token"]).status_code == 401
    assert rp.refresh(short["refresh_token"]).status_code == 400
    assert rp.userinfo(long["access_token"]).status_code == 200
    assert rp.refresh(long["refresh_token"]).status_code == 200


def test_what_is_announced_is_there(tv: Rp):
    """DISC-15."""
    told = tv.http.get("/.well-known/openid-configuration").json

    assert told["device_authorization_endpoint"] == f"{ISSUER}/oidc/device_authorization"
    assert GRANT in told["grant_types_supported"]


def test_a_new_password_voids_a_yes_that_nobody_fetched(
    person: Person, console: Rp, make: Factory, user: User
):
    """Threat 33: offline or not."""
    device = Device(console, scope=OFFLINE)
    say(person, typed(person, device.user_code))
    new = {"new_password": NEW, "new_password_confirm": NEW, "current_password": PASSWORD}

    answer = console.http.post("/api/v1/users/me/password", json=new, headers=make.bearer(user))

    assert answer.status_code == 200, answer.text
    assert device.hears() == "invalid_grant"


@pytest.mark.parametrize("how", ["others", "that one", "by the other", "signed out"])
def test_what_nobody_has_fetched_ends_with_the_session_that_said_yes(
    person: Person, make_rp: Any, user: User, open_app: Flask, how: str
):
    """Threat 33: the session that stays keeps its own; whoever signs out keeps what outlives it."""
    tv = make_rp(grant_types=[GRANT, "refresh_token"], device_flow_confirm=False)
    device, other = Device(tv, scope=OFFLINE), Person(open_app, user.email)
    other.sign_in(other.open("/login"))
    assert "is let in" in say(person, typed(person, device.user_code)).text
    mine, bearers = "/api/v1/auth/sessions", {}
    for each in (person, other):
        token = each.http.get_cookie("gatehouse_session").value
        bearers[each] = {"Authorization": f"Bearer {token}"}
    http = open_app.test_client()
    listed = http.get(mine, headers=bearers[other]).json["data"]["sessions"]
    (there,) = (each["id"] for each in listed if not each["is_current"])

    method, path, who = {
        "others": ("DELETE", mine, other),
        "that one": ("DELETE", f"{mine}/{there}", other),
        "by the other": ("DELETE", mine, person),
        "signed out": ("POST", "/api/v1/auth/logout", person),
    }[how]
    done = http.open(path, method=method, headers=bearers[who])
    assert done.status_code == 200, done.text

    ends = how in ("others", "that one")
    answer = device.poll()
    assert answer.status_code == (400 if ends else 200), answer.text
    assert answer.json.get("error") == ("access_denied" if ends else None)
