"""Confirming who one is, signing out, and reading who one is."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded, entries_of
from tests.factories import PASSWORD, Factory

REAUTHENTICATE = "/api/v1/auth/reauthenticate"
LOGOUT = "/api/v1/auth/logout"
ME = "/api/v1/auth/me"
OLD = timedelta(minutes=10, seconds=1)


def elevated_verbs(org_id, new_owner_id):
    at = f"/api/v1/organizations/{org_id}"
    return [
        ("POST", f"{at}/transfer-ownership", {"new_owner_user_id": str(new_owner_id)}),
        ("DELETE", at, None),
        ("DELETE", "/api/v1/users/me", None),
    ]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_old_sign_in_must_be_confirmed_before_an_elevated_verb(
    client: FlaskClient, make: Factory, number
):
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    other = make.member(org) if number == 0 else None
    method, path, body = elevated_verbs(org.id, other.user_id if other else owner.user_id)[number]
    headers = make.bearer(owner, signed_in_ago=OLD)

    refused = client.open(path, method=method, json=body, headers=headers)
    client.post(REAUTHENTICATE, json={"password": PASSWORD}, headers=headers)
    done = client.open(path, method=method, json=body, headers=headers)

    assert refused.status_code == 403
    assert refused.json["error"] == {
        "type": "REAUTHENTICATION_REQUIRED",
        "details": {"max_age": 600},
    }
    assert done.status_code == 200, done.json


def test_a_sign_in_of_just_under_ten_minutes_ago_is_fresh(client: FlaskClient, make: Factory):
    headers = make.bearer(make.user(), signed_in_ago=timedelta(minutes=9, seconds=50))

    assert client.delete("/api/v1/users/me", headers=headers).status_code == 200


def test_confirming_keeps_the_session_and_tells_when_and_how(client: FlaskClient, make: Factory):
    user = make.user()
    headers = make.bearer(user, signed_in_ago=OLD)

    reply = client.post(REAUTHENTICATE, json={"password": PASSWORD}, headers=headers)

    assert reply.status_code == 200
    assert set(reply.json["data"]) == {"auth_time", "amr", "acr"}
    assert (reply.json["data"]["amr"], reply.json["data"]["acr"]) == (["pwd"], "pwd")
    assert client.get(ME, headers=headers).status_code == 200
    entry = assert_recorded(client, reply, "auth.reauthenticated", actor=user.id, target=user.id)
    assert set(entry.details) == {"session_id", "method"}


def test_a_wrong_password_confirms_nothing_and_is_on_record(client: FlaskClient, make: Factory):
    user = make.user()
    headers = make.bearer(user, signed_in_ago=OLD)

    reply = client.post(REAUTHENTICATE, json={"password": "wrong"}, headers=headers)

    assert reply.status_code == 401
    assert reply.json["error"]["type"] == "AUTHENTICATION_ERROR"
    entry = assert_recorded(
        client, reply, "account.password_refused", actor=user.id, target=user.id
    )
    assert entry.details == {"reason": "wrong_password"}
    assert client.delete("/api/v1/users/me", headers=headers).status_code == 403
    assert client.get(ME, headers=headers).status_code == 200


def test_guessing_from_within_a_session_is_slowed_as_at_the_door(
    client: FlaskClient, make: Factory
):
    """Threat 114."""
    headers = make.bearer(make.user())

    replies = [
        client.post(REAUTHENTICATE, json={"password": "wrong"}, headers=headers) for _ in range(6)
    ]

    assert [reply.status_code for reply in replies] == [401] * 4 + [429] * 2


def test_all_ways_to_give_ones_password_share_one_counter(client: FlaskClient, make: Factory):
    """Threat 114."""
    headers = make.bearer(make.user())
    change = {
        "current_password": "wrong",
        "new_password": "zebra lantern forty-two orbit",
        "new_password_confirm": "zebra lantern forty-two orbit",
    }

    replies = [
        client.post(REAUTHENTICATE, json={"password": "wrong"}, headers=headers),
        client.post("/api/v1/users/me/password", json=change, headers=headers),
        client.delete("/api/v1/users/me", json={"password": "wrong"}, headers=headers),
        client.post("/api/v1/users/me/password", json=change, headers=headers),
        client.delete("/api/v1/users/me", json={"password": "wrong"}, headers=headers),
    ]

    assert [reply.status_code for reply in replies] == [401] * 4 + [429]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "password"),
        ({"password": ""}, "password"),
        ({"password": 1}, "password"),
        ({"password": PASSWORD, "max_age": 9}, "max_age"),
    ],
)
def test_confirming_without_a_proper_password_names_the_field(
    client: FlaskClient, make: Factory, sent, field
):
    reply = client.post(REAUTHENTICATE, json=sent, headers=make.bearer(make.user()))

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


def test_signing_out_ends_this_session_only_and_is_recorded(client: FlaskClient, make: Factory):
    user = make.user()
    here, elsewhere = make.bearer(user), make.bearer(user)

    reply = client.post(LOGOUT, headers=here)

    assert reply.status_code == 200
    assert reply.json["data"] == {}
    assert client.get(ME, headers=here).status_code == 401
    assert client.get(ME, headers=elsewhere).status_code == 200
    assert_recorded(client, reply, "auth.signed_out", actor=user.id, target=user.id)


def test_signing_out_twice_is_refused_and_not_recorded(client: FlaskClient, make: Factory):
    headers = make.bearer(make.user())
    client.post(LOGOUT, headers=headers)

    again = client.post(LOGOUT, headers=headers)

    assert again.status_code == 401
    assert again.json["error"]["type"] == "INVALID_TOKEN"
    assert entries_of(client, again) == []


def test_me_tells_who_one_is_and_where_one_may_enter(client: FlaskClient, make: Factory):
    user = make.user(full_name="Bob")
    org = make.organization()
    make.member(org, Role.ADMIN, user=user)
    make.member(make.organization(), Role.OWNER)

    data = client.get(ME, headers=make.bearer(user)).json["data"]

    assert set(data) == {"user", "organizations"}
    assert data["user"]["email"] == user.email
    assert data["organizations"] == [
        {"id": str(org.id), "name": org.name, "slug": org.slug, "role": "admin"}
    ]


PRIVATE = [
    ("GET", ME),
    ("POST", LOGOUT),
    ("POST", REAUTHENTICATE),
    ("GET", "/api/v1/auth/sessions"),
    ("DELETE", "/api/v1/auth/sessions"),
    ("DELETE", "/api/v1/auth/sessions/01890a5d-ac96-774b-bcce-b302099a8057"),
    ("POST", "/api/v1/auth/sessions/refresh"),
    ("GET", "/api/v1/auth/audit-logs"),
    ("GET", "/api/v1/users/me"),
    ("PATCH", "/api/v1/users/me"),
    ("DELETE", "/api/v1/users/me"),
    ("POST", "/api/v1/users/me/password"),
    ("GET", "/api/v1/users/me/organizations"),
    ("POST", "/api/v1/organizations"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_without_a_token_nobody_passes(client: FlaskClient, method, path):
    reply = client.open(path, method=method)

    assert reply.status_code == 401
    assert reply.json["error"]["type"] == "AUTH_REQUIRED"
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("state", ["suspended", "inactive", "deleted", "logged out"])
@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_no_route_knows_the_session_of_somebody_who_may_no_longer(
    client: FlaskClient, make: Factory, method, path, state
):
    """Threat 87: on the very next request, on every route."""
    user = make.user()
    headers = make.bearer(user)
    assert client.get(ME, headers=headers).status_code == 200
    if state == "logged out":
        client.post(LOGOUT, headers=headers)
    elif state == "deleted":
        client.delete("/api/v1/users/me", headers=headers)
    else:
        make.change(user, status=AccountStatus(state))

    reply = client.open(path, method=method, headers=headers)

    assert reply.status_code == 401
    assert reply.json["error"]["type"] == "INVALID_TOKEN"
