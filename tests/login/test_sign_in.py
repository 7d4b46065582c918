"""Signing in with a password: what it gives, whom it refuses, and what it does not tell."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from gatehouse.accounts.models import AccountStatus, Credential
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.audit.record import assert_recorded
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory

LOGIN = "/api/v1/auth/login"
SESSIONS = "/api/v1/auth/sessions"
HOUR = timedelta(hours=1)


def log_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: object):
    return client.post(LOGIN, json={"email": email, "password": password, **more})


def test_a_sign_in_answers_with_the_person_a_token_and_its_end(client: FlaskClient, make: Factory):
    user = make.user(full_name="Bob")

    data = log_in(client, user.email).json["data"]

    assert set(data) == {
        *("user", "token", "expires_at"),
        *("requires_org_setup", "pending_invites", "requires_mfa_enrollment", "mfa_compliance"),
    }
    assert data["user"]["id"] == str(user.id)
    assert data["user"]["last_login_at"] is not None
    assert data["requires_org_setup"] is True
    ends = datetime.fromisoformat(data["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < ends <= timedelta(minutes=15)


def test_who_has_an_organization_is_not_sent_to_make_one(client: FlaskClient, make: Factory):
    user = make.user()
    make.member(make.organization(), Role.GUEST, user=user)

    assert log_in(client, user.email).json["data"]["requires_org_setup"] is False


def test_a_sign_in_is_recorded_once(client: FlaskClient, make: Factory):
    user = make.user()

    reply = log_in(client, user.email)

    entry = assert_recorded(client, reply, "auth.signed_in", actor=user.id, target=user.id)
    assert entry.resource_type == "session"
    assert set(entry.details) == {"session_id", "method", "is_new_device"}
    assert entry.details["method"] == "pwd"


def test_each_sign_in_has_a_session_and_a_token_of_its_own(client: FlaskClient, make: Factory):
    """Threat 78: nothing that was there before the sign-in goes on after it."""
    user = make.user()
    before = make.bearer(user)

    first = client.post(LOGIN, json={"email": user.email, "password": PASSWORD}, headers=before)
    second = log_in(client, user.email)

    tokens = {before["Authorization"][7:], *(r.json["data"]["token"] for r in (first, second))}
    assert len(tokens) == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": None}, "email"),
        ({"email": "bob"}, "email"),
        ({"email": {"$ne": ""}}, "email"),
        ({"password": None}, "password"),
        ({"password": ""}, "password"),
        ({"password": True}, "password"),
        ({"password": ["x"]}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"remember_me": "yes"}, "remember_me"),
        ({"remember_me": 1}, "remember_me"),
        ({"remember_me": None}, "remember_me"),
        ({"otp": "123456"}, "otp"),
    ],
)
def test_a_bad_field_is_named(client: FlaskClient, changes, field):
    sent = {"email": "bob@example.test", "password": PASSWORD, **changes}

    reply = client.post(LOGIN, json=sent)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


@pytest.mark.parametrize(
    "password",
    ["x" * 129, "x" * 1024, PASSWORD + "\0", "\0" + PASSWORD, PASSWORD + " ", PASSWORD.upper()],
)
def test_a_password_that_is_nearly_right_is_wrong(client: FlaskClient, make: Factory, password):
    """Threat 74: over-long ones are wrong rather than cut."""
    reply = log_in(client, make.user().email, password)

    assert reply.status_code == 401
    assert reply.json["error"]["type"] == "AUTHENTICATION_ERROR"


def test_a_password_of_a_million_characters_is_refused_unseen(client: FlaskClient, make: Factory):
    reply = log_in(client, make.user().email, "x" * 1_000_000)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"password"}


def without_request_id(reply):
    body = {key: value for key, value in reply.json.items() if key != "request_id"}
    headers = {key: value for key, value in reply.headers if key != "X-Request-ID"}
    return reply.status_code, body, headers


def test_unknown_wrong_suspended_inactive_and_deleted_are_answered_alike(
    app: Flask, make: Factory, address: str
):
    """Threat 112, CORE-68, CORE-69: all is the same but for the request id."""
    suspended = make.user(status=AccountStatus.SUSPENDED)
    inactive = make.user(status=AccountStatus.INACTIVE)
    gone = make.user()
    make.change(gone, deleted_at=datetime.now(UTC))
    emails = [user.email for user in (make.user(), suspended, inactive, gone)]

    answers = []
    with time_machine.travel(datetime.now(UTC), tick=False):
        for number, email in enumerate([*emails, f"{uuid4().hex}@example.test"]):
            elsewhere = f"fd{number:02x}:{address[3:].replace('.', ':')}::1"
            reply = log_in(client_of(app, elsewhere), email, "wrong")
            answers.append(without_request_id(reply))

    assert answers[0][0] == 401
    assert answers == [answers[0]] * 5


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (AccountStatus.SUSPENDED, "ACCOUNT_SUSPENDED"),
        (AccountStatus.INACTIVE, "ACCOUNT_NOT_ACTIVATED"),
    ],
)
def test_the_state_of_an_account_is_told_after_the_right_password_only(
    client: FlaskClient, make: Factory, status, error
):
    user = make.user(status=status)

    reply = log_in(client, user.email)

    assert reply.status_code == 403
    assert reply.json["error"]["type"] == error
    assert "data" not in reply.json
    entry = assert_recorded(client, reply, "auth.sign_in_refused", actor=None, target=user.id)
    assert entry.details == {"reason": status.value}


@pytest.mark.parametrize(
    ("is_known", "reason"), [(True, "wrong_password"), (False, "unknown_account")]
)
def test_a_refused_sign_in_is_on_record(client: FlaskClient, make: Factory, is_known, reason):
    user = make.user()
    email = user.email if is_known else f"{uuid4().hex}@example.test"

    reply = log_in(client, email, "not the password")

    entry = assert_recorded(
        client,
        reply,
        "auth.sign_in_refused",
        actor=None,
        target=user.id if is_known else None,
    )
    assert entry.details == {"reason": reason}


def test_an_account_without_a_password_cannot_be_entered_by_one(
    client: FlaskClient, make: Factory, runtime: Runtime
):
    user = make.user()
    with runtime.writing() as db:
        db.execute(delete(Credential).where(Credential.user_id == user.id))
        db.commit()

    assert log_in(client, user.email).status_code == 401


def lifetimes(client: FlaskClient, reply) -> tuple[timedelta, timedelta]:
    headers = {"Authorization": f"Bearer {reply.json['data']['token']}"}
    [session] = client.get(SESSIONS, headers=headers).json["data"]["sessions"]
    times = [
        datetime.fromisoformat(session[key]) for key in ("created_at", "expires_at", "ends_at")
    ]
    return times[1] - times[0], times[2] - times[0]


@pytest.mark.parametrize("remember_me", [True, False])
def test_remember_me_means_nothing_unless_the_operator_allows_it(
    client: FlaskClient, make: Factory, remember_me
):
    reply = log_in(client, make.user().email, remember_me=remember_me)

    assert lifetimes(client, reply) == (HOUR / 4, 8 * HOUR)


@pytest.mark.parametrize(
    ("remember_me", "expected"),
    [(True, (24 * HOUR, 720 * HOUR)), (False, (HOUR / 4, 8 * HOUR))],
)
def test_remember_me_lasts_as_long_as_the_operator_allows(
    make_app, make: Factory, address: str, remember_me, expected
):
    app = make_app(
        SESSION_REMEMBER_IDLE_TIMEOUT="86400", SESSION_REMEMBER_ABSOLUTE_TIMEOUT="2592000"
    )
    client = client_of(app, address)

    reply = log_in(client, make.user().email, remember_me=remember_me)

    assert lifetimes(client, reply) == expected


def test_the_twenty_first_sign_in_from_one_address_in_a_minute_waits(
    client: FlaskClient, make: Factory
):
    """Threat 115: a success of one's own does not clear the count of the address."""
    user = make.user()
    with time_machine.travel(datetime.now(UTC), tick=False):
        replies = [log_in(client, user.email) for _ in range(21)]

    assert [reply.status_code for reply in replies] == [200] * 20 + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert replies[-2].headers["X-RateLimit-Remaining"] == "0"
