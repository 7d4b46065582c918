"""Changing one's password over HTTP."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import User
from gatehouse.accounts.service import rules_broken_by
from tests.audit.record import assert_recorded, entries_of
from tests.factories import PASSWORD, Factory

CHANGE = "/api/v1/users/me/password"
LOGIN = "/api/v1/auth/login"
NEW = "zebra lantern forty-two orbit"
LONG_ONE = "x" * 1025


@pytest.fixture
def user(make: Factory) -> User:
    return make.user(full_name="Philippa Marlowe")


@pytest.fixture
def headers(make: Factory, user: User) -> dict[str, str]:
    return make.bearer(user)


def sent(**changes: object) -> dict[str, object]:
    whole = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    return {**whole, **changes}


def sign_in(client: FlaskClient, user: User, password: str) -> int:
    return client.post(LOGIN, json={"email": user.email, "password": password}).status_code


def test_the_new_password_opens_and_the_old_one_does_not(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    reply = client.post(CHANGE, json=sent(), headers=headers)

    assert (reply.status_code, reply.json["data"]) == (200, {})
    assert (sign_in(client, user, PASSWORD), sign_in(client, user, NEW)) == (401, 200)


def test_a_change_is_recorded_once_and_without_either_password(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    reply = client.post(CHANGE, json=sent(), headers=headers)

    entry = assert_recorded(
        client, reply, "account.password_changed", actor=user.id, target=user.id, resource=user.id
    )
    assert entry.details == {"sessions_ended": 0}


def test_the_current_password_counts_as_a_proof_however_old_the_sign_in_is(
    client: FlaskClient, make: Factory, user: User
):
    headers = make.bearer(user, signed_in_ago=timedelta(hours=2))

    assert client.post(CHANGE, json=sent(), headers=headers).status_code == 200


def test_a_wrong_current_password_changes_nothing_and_is_on_record(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    reply = client.post(CHANGE, json=sent(current_password="wrong"), headers=headers)

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "AUTHENTICATION_ERROR")
    assert_recorded(client, reply, "account.password_refused", actor=user.id, target=user.id)
    assert sign_in(client, user, PASSWORD) == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"current_password": None}, "current_password"),
        ({"current_password": ""}, "current_password"),
        ({"new_password": None}, "new_password"),
        ({"new_password": "", "new_password_confirm": ""}, "new_password"),
        ({"new_password": 12345678}, "new_password"),
        ({"new_password": LONG_ONE, "new_password_confirm": LONG_ONE}, "new_password"),
        ({"new_password_confirm": None}, "new_password_confirm"),
        ({"new_password_confirm": NEW + " "}, "new_password_confirm"),
        ({"user_id": "x"}, "user_id"),
        ({"email": "x"}, "email"),
    ],
)
def test_a_bad_field_is_named(client: FlaskClient, headers: dict[str, str], changes, field):
    reply = client.post(CHANGE, json=sent(**changes), headers=headers)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}
    assert entries_of(client, reply) == []


SHORT = "Use at least 8 characters."
LONG = "Use at most 128 characters."
BLANK = "Use more than blanks."
OWN = "Use something else than your address."
EASY = "This is too easy to guess."


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Ab1", [SHORT, EASY]),
        (" " * 7, [SHORT, BLANK, EASY]),
        (" " * 129, [LONG, BLANK]),
        ("password1", [EASY]),
        ("Philippa1", [EASY]),
        ("gatehouse", [EASY]),
        ("{email}", [OWN, EASY]),
        ("{EMAIL}", [OWN, EASY]),
    ],
)
def test_the_rule_is_the_same_as_at_registration(
    client: FlaskClient, user: User, headers: dict[str, str], password, broken
):
    """Threat 119."""
    new = password.format(email=user.email, EMAIL=user.email.upper())

    reply = client.post(
        CHANGE, json=sent(new_password=new, new_password_confirm=new), headers=headers
    )

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"new_password"}
    said = reply.json["error"]["details"]["new_password"]
    assert len(said) == len(broken)
    assert all(any(line.startswith(rule) for line in said) for rule in broken)
    assert sign_in(client, user, PASSWORD) == 200


def test_every_broken_rule_is_named_at_once(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    sent = {"new_password": user.email, "new_password_confirm": "other", "extra": 1}

    details = client.post(CHANGE, json=sent, headers=headers).json["error"]["details"]

    assert set(details) == {"current_password", "extra", "new_password", "new_password_confirm"}
    assert details["new_password"][0] == OWN
    assert details["new_password_confirm"] == ["Must be the same as the new password."]


def test_a_weak_new_password_is_not_a_wrong_guess(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    weak = sent(new_password="weak", new_password_confirm="weak")

    replies = [client.post(CHANGE, json=weak, headers=headers) for _ in range(6)]

    assert [reply.status_code for reply in replies] == [400] * 6
    assert entries_of(client, replies[-1]) == []


def test_the_blanks_around_a_password_belong_to_it(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    new = f" {NEW} "

    client.post(CHANGE, json=sent(new_password=new, new_password_confirm=new), headers=headers)

    assert (sign_in(client, user, NEW), sign_in(client, user, new)) == (401, 200)


LONG_NAME = "maximiliane.von.wolkenstein-trostburg.registrar"
LONG_ADDRESS = f"{LONG_NAME}@department-of-applied-linguistics.example.test"


@pytest.mark.parametrize(
    "password",
    [
        LONG_ADDRESS,
        LONG_ADDRESS.upper(),
        LONG_ADDRESS + "1",
        LONG_NAME,
        f"{LONG_NAME}2026!",
        LONG_NAME * 2,
        LONG_ADDRESS.partition("@")[2],
        "Bartholomea Featherstonehaugh the Second",
    ],
)
def test_a_long_address_or_name_makes_no_password(password):
    """Threat 119: zxcvbn sees a part of it only, and took that for random."""
    name = "Bartholomea Featherstonehaugh the Second"

    good = "zebra lantern forty-two orbit"

    assert rules_broken_by(password, email=LONG_ADDRESS, full_name=name) != []
    assert rules_broken_by(good, email=LONG_ADDRESS, full_name=name) == []
