"""What is remembered of devices ends with the password that they knew (threat 95)."""

import pytest

from tests.factories import PASSWORD, Factory
from tests.login.conftest import Callers
from tests.mailbox import token_in

LOGIN = "/api/v1/auth/login"
CHANGE = "/api/v1/users/me/password"
NEW = "zebra lantern forty-two orbit"


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


@pytest.mark.parametrize("guesses_come", ["before", "afterwards"])
def test_a_reset_lets_the_owner_in_whatever_strangers_do(
    caller: Callers, make: Factory, mailbox, clock, guesses_come
):
    """Threat 116: from the device that used the link, and at once."""
    email = make.user().email
    owner, stranger = caller(agent="phone/1"), caller(agent="stranger/1")
    if guesses_come == "before":
        lock_strangers_out(stranger, clock, email)
    owner.post("/api/v1/auth/forgot-password", json={"email": email})
    mailbox.deliver()
    letter = next(found for found in mailbox.to(email) if "reset-password" in found.text)
    sent = {"token": token_in(letter), "password": NEW, "password_confirm": NEW}
    assert owner.post("/api/v1/auth/reset-password", json=sent).status_code == 200
    if guesses_come == "afterwards":
        lock_strangers_out(stranger, clock, email)

    assert sign_in(owner, email, NEW).status_code == 200
    assert sign_in(stranger, email, NEW).status_code == (200 if guesses_come == "before" else 401)


def test_what_a_reset_remembers_is_no_session(caller: Callers, make: Factory, mailbox):
    """Threat 103."""
    user = make.user()
    owner = caller(agent="phone/1")
    owner.post("/api/v1/auth/forgot-password", json={"email": user.email})
    sent = {"token": token_in(*mailbox.deliver()), "password": NEW, "password_confirm": NEW}
    assert owner.post("/api/v1/auth/reset-password", json=sent).status_code == 200

    own = make.bearer(user)

    assert owner.get("/api/v1/auth/sessions", headers=own).json["data"]["count"] == 1
