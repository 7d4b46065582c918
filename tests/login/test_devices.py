"""What is remembered of devices ends with the password that they knew (threat 95)."""

from datetime import UTC, datetime

import pytest
import time_machine

from tests.factories import PASSWORD, Factory
from tests.login.conftest import Callers

LOGIN = "/api/v1/auth/login"
CHANGE = "/api/v1/users/me/password"
NEW = "zebra lantern forty-two orbit"


@pytest.fixture
def clock():
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


def sign_in(client, email, password):
    return client.post(LOGIN, json={"email": email, "password": password})


def lock_strangers_out(client, clock, email):
    for _ in range(10):
        reply = sign_in(client, email, "wrong")
        clock.shift(int(reply.headers.get("Retry-After", 0)) + 0.01)


def set_new_password(client, token):
    sent = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    return client.post(CHANGE, json=sent, headers={"Authorization": f"Bearer {token}"})


def test_a_new_password_forgets_the_devices_that_knew_the_old_one(
    caller: Callers, make: Factory, clock
):
    """The one that set it stays known: its session goes on. The others are known once more
    after they have signed in with the new one.
    """
    email = make.user().email
    thief, phone = caller(agent="thief/1"), caller(agent="phone/1")
    assert sign_in(thief, email, PASSWORD).status_code == 200
    token = sign_in(phone, email, PASSWORD).json["data"]["token"]
    clock.shift(1)
    assert set_new_password(phone, token).status_code == 200

    lock_strangers_out(caller(agent="stranger/1"), clock, email)

    assert sign_in(thief, email, NEW).status_code == 401
    assert sign_in(phone, email, NEW).status_code == 200
