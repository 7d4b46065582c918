"""Registering: what it takes, what it gives, and what it refuses."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import time_machine
from flask.testing import FlaskClient

from gatehouse.accounts.schemas import ResetIn
from gatehouse.core.tokens import SESSION, is_well_formed
from gatehouse.login.schemas import AcceptIn, ActivateIn, RegisterIn
from tests.audit.record import assert_recorded
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory

REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
USER_FIELDS = {
    "id",
    "email",
    "email_verified",
    "full_name",
    "avatar_url",
    "status",
    "activated",
    "last_login_at",
    "created_at",
    "updated_at",
}


def somebody(**changes: object) -> dict[str, object]:
    word = uuid4().hex[:12]
    whole = {"email": f"{word}@example.test", "password": PASSWORD, "password_confirm": PASSWORD}
    return {**whole, **changes}


def test_registering_makes_an_active_account_with_an_unverified_address(client: FlaskClient):
    sent = somebody(full_name="  Bob  ")

    reply = client.post(REGISTER, json=sent)

    assert reply.status_code == 201
    data = reply.json["data"]
    assert set(data) == {"user", "token", "expires_at", "is_first_user", "pending_invites"}
    assert set(data["user"]) == USER_FIELDS
    assert data["user"]["email"] == sent["email"]
    assert data["user"]["full_name"] == "Bob"
    assert data["user"]["status"] == "active"
    assert data["user"]["activated"] is True
    assert data["user"]["email_verified"] is False
    assert data["user"]["avatar_url"] is None
    assert data["pending_invites"] == []


def test_the_token_of_a_registration_opens_the_house(client: FlaskClient):
    data = client.post(REGISTER, json=somebody()).json["data"]

    me = client.get(ME, headers={"Authorization": f"Bearer {data['token']}"})

    assert is_well_formed(data["token"], SESSION)
    assert me.json["data"]["user"] == data["user"]
    assert data["user"]["last_login_at"] is not None


def test_only_the_very_first_account_is_called_the_first(client: FlaskClient, make: Factory):
    make.user()

    data = client.post(REGISTER, json=somebody()).json["data"]

    assert data["is_first_user"] is False


def test_a_registration_is_recorded_once(client: FlaskClient):
    reply = client.post(REGISTER, json=somebody())

    user_id = UUID(reply.json["data"]["user"]["id"])
    entry = assert_recorded(
        client,
        reply,
        "account.registered",
        actor=user_id,
        target=user_id,
        resource=user_id,
    )
    assert entry.details == {}


def test_the_name_may_be_null_or_left_out(client: FlaskClient):
    left_out = client.post(REGISTER, json=somebody())
    null = client.post(REGISTER, json=somebody(full_name=None))

    assert left_out.json["data"]["user"]["full_name"] is None
    assert null.json["data"]["user"]["full_name"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": None}, "email"),
        ({"email": ""}, "email"),
        ({"email": 7}, "email"),
        ({"email": ["a@b.test"]}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a" * 250 + "@x.test"}, "email"),
        ({"password": None}, "password"),
        ({"password": "", "password_confirm": ""}, "password"),
        ({"password": 12345678}, "password"),
        ({"password_confirm": None}, "password_confirm"),
        ({"password_confirm": "something else"}, "password_confirm"),
        ({"full_name": "x" * 256}, "full_name"),
        ({"full_name": "a\nb"}, "full_name"),
        ({"full_name": "a\0b"}, "full_name"),
        ({"full_name": {}}, "full_name"),
        ({"id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "id"),
        ({"status": "active"}, "status"),
        ({"email_verified": True}, "email_verified"),
        ({"is_admin": True}, "is_admin"),
        ({"role": "owner"}, "role"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "created_at"),
    ],
)
def test_a_bad_or_smuggled_field_is_named(client: FlaskClient, changes, field):
    """Threat 173: nobody makes themselves more than they are."""
    reply = client.post(REGISTER, json=somebody(**changes))

    assert reply.status_code == 400
    assert reply.json["error"]["type"] == "VALIDATION_ERROR"
    assert set(reply.json["error"]["details"]) == {field}


def test_all_that_is_missing_is_named_at_once(client: FlaskClient):
    reply = client.post(REGISTER, json={})

    assert set(reply.json["error"]["details"]) == {"email", "password", "password_confirm"}


SHORT = "Use at least 8 characters."
LONG = "Use at most 128 characters."
BLANK = "Use more than blanks."
OWN = "Use something else than your address."
EASY = "This is too easy to guess."


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("password", [EASY]),
        ("Passw0rd!", [EASY]),
        ("qwertyuiop", [EASY]),
        ("gatehouse", [EASY]),
        ("gatehouse1", [EASY]),
        ("Marlowe1", [EASY]),
        ("Ab1", [SHORT, EASY]),
        (" ", [SHORT, BLANK, EASY]),
        (" " * 8, [BLANK, EASY]),
        (" " * 129, [LONG, BLANK]),
        ("zebra lantern orbit " * 7, [LONG]),
        ("bob.marlowe@weak.test", [OWN, EASY]),
        ("BOB.MARLOWE@WEAK.TEST", [OWN, EASY]),
        ("bob.marlowe", [EASY]),
    ],
)
def test_a_weak_password_is_told_every_rule_it_breaks(client: FlaskClient, password, broken):
    """Threat 119: short, long, blank, common, one's own address, one's own name."""
    sent = {"email": "bob.marlowe@weak.test", "full_name": "Bob Marlowe"}

    reply = client.post(REGISTER, json={**sent, "password": password, "password_confirm": password})

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"password"}
    said = reply.json["error"]["details"]["password"]
    assert [any(line.startswith(rule) for line in said) for rule in broken] == [True] * len(broken)
    assert len(said) == len(broken)


def test_every_broken_rule_is_named_at_once(client: FlaskClient):
    """The password is judged by what is valid of the rest."""
    sent = {"email": "nobody", "full_name": "Bob Marlowe", "nickname": "Bob"}

    reply = client.post(
        REGISTER, json={**sent, "password": "Marlowe1", "password_confirm": "other"}
    )

    details = reply.json["error"]["details"]
    assert set(details) == {"email", "nickname", "password", "password_confirm"}
    assert [line[: len(EASY)] for line in details["password"]] == [EASY]
    assert details["password_confirm"] == ["Must be the same as the password."]


def test_an_empty_password_is_told_the_rule(client: FlaskClient):
    reply = client.post(REGISTER, json=somebody(password="", password_confirm=""))

    assert reply.json["error"]["details"] == {"password": [SHORT, BLANK]}


def test_closed_registration_judges_nothing(make_app, address: str):
    closed = client_of(make_app(REGISTRATION_ENABLED="false"), address)

    assert closed.post(REGISTER, json={"password": "weak"}).status_code == 403


@pytest.mark.parametrize(
    "password",
    [
        "zebra lantern forty-two orbit",
        "Жёлтый фонарь над рекой",
        "\N{ROCKET}\N{CAT FACE}\N{HOT BEVERAGE}\N{SNOWFLAKE}\N{OCTOPUS}abc\N{BELL}",
        " leading and trailing blanks stay ",
        "nul\0in the middle of it all",
        ("zebra lantern forty-two orbit " * 5)[:128],
    ],
)
def test_any_unicode_makes_a_good_password_and_signs_in(client: FlaskClient, password):
    """Threat 74: nothing is cut, trimmed or ended by a NUL."""
    sent = somebody(password=password, password_confirm=password)

    assert client.post(REGISTER, json=sent).status_code == 201

    right = client.post(LOGIN, json={"email": sent["email"], "password": password})
    less = client.post(LOGIN, json={"email": sent["email"], "password": password[:-1]})
    assert (right.status_code, less.status_code) == (200, 401)


COMPOSED = "caf\N{LATIN SMALL LETTER E WITH ACUTE} noir zebra lantern"
DECOMPOSED = "cafe\N{COMBINING ACUTE ACCENT} noir zebra lantern"


def test_a_password_is_the_same_however_its_accents_are_composed(client: FlaskClient):
    sent = somebody(password=COMPOSED, password_confirm=COMPOSED)
    client.post(REGISTER, json=sent)

    reply = client.post(LOGIN, json={"email": sent["email"], "password": DECOMPOSED})

    assert reply.status_code == 200


def test_the_length_of_a_password_is_that_of_its_composed_form(client: FlaskClient):
    """A keyboard that sends accents apart is no reason to refuse 100 characters."""
    apart = "o\N{COMBINING DIAERESIS}" * 30 + " zebra lantern forty-two orbit" + "e\u0301" * 40

    reply = client.post(REGISTER, json=somebody(password=apart, password_confirm=apart))

    assert reply.status_code == 201, reply.json


def test_a_taken_address_is_a_conflict_and_changes_nothing(client: FlaskClient, make: Factory):
    user = make.user(full_name="The first")
    other = "another battery of horses"

    reply = client.post(
        REGISTER, json=somebody(email=user.email, password=other, password_confirm=other)
    )

    assert reply.status_code == 409
    assert reply.json["error"]["type"] == "CONFLICT"
    assert "data" not in reply.json
    signed_in = client.post(LOGIN, json={"email": user.email, "password": PASSWORD})
    assert signed_in.json["data"]["user"]["full_name"] == "The first"


def test_a_weak_password_for_a_taken_address_does_not_tell_that_it_is_taken(
    client: FlaskClient, make: Factory
):
    user = make.user()

    taken = client.post(
        REGISTER, json=somebody(email=user.email, password="weak", password_confirm="weak")
    )
    free = client.post(REGISTER, json=somebody(password="weak", password_confirm="weak"))

    assert taken.status_code == free.status_code == 400
    assert taken.json["error"] == free.json["error"]


def test_closed_registration_lets_nobody_in(make_app, address: str):
    """Threat 121."""
    closed = client_of(make_app(REGISTRATION_ENABLED="false"), address)
    sent = somebody()

    reply = closed.post(REGISTER, json=sent)

    assert reply.status_code == 403
    assert reply.json["error"]["type"] == "AUTHORIZATION_ERROR"
    signed_in = closed.post(LOGIN, json={"email": sent["email"], "password": PASSWORD})
    assert signed_in.status_code == 401


def test_the_eleventh_registration_from_one_address_in_a_minute_waits(client: FlaskClient):
    with time_machine.travel(datetime.now(UTC), tick=False):
        replies = [client.post(REGISTER, json={}) for _ in range(11)]

    assert [reply.status_code for reply in replies] == [400] * 10 + [429]
    assert replies[-1].json["error"]["type"] == "RATE_LIMIT_EXCEEDED"
    assert int(replies[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize("schema", [RegisterIn, ActivateIn, AcceptIn, ResetIn])
def test_whoever_types_it_differently_hears_of_the_password_as_the_page_calls_it(schema):
    typed = {"password": "seven green bottles", "password_confirm": "eight brown barrels"}

    broken = schema().validate(typed)

    assert broken["password_confirm"] == ["Must be the same as the password."]
