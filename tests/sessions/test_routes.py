"""One's own sessions over HTTP: seeing them, and ending them."""

from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.audit.record import assert_recorded, entries_of
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory

SESSIONS = "/api/v1/auth/sessions"
LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
FIELDS = {
    "id",
    "user_id",
    "status",
    "is_current",
    "is_compliance_only",
    "ip_address",
    "user_agent",
    "device_info",
    "amr",
    "auth_time",
    "expires_at",
    "ends_at",
    "last_activity_at",
    "created_at",
}


def ids_of(client: FlaskClient, headers: dict[str, str]) -> list[str]:
    listed = client.get(SESSIONS, headers=headers).json["data"]["sessions"]
    return [session["id"] for session in listed]


def own_id(client: FlaskClient, headers: dict[str, str]) -> str:
    listed = client.get(SESSIONS, headers=headers).json["data"]["sessions"]
    return next(session["id"] for session in listed if session["is_current"])


def test_a_session_is_listed_with_where_it_was_opened(app: Flask, make: Factory, address: str):
    user = make.user()
    client = client_of(app, address, FIREFOX)
    signed_in = client.post(LOGIN, json={"email": user.email, "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json['data']['token']}"}

    reply = client.get(SESSIONS, headers=headers)

    assert reply.status_code == 200
    data = reply.json["data"]
    assert {key: data[key] for key in ("count", "page", "per_page", "pages")} == {
        "count": 1,
        "page": 1,
        "per_page": 50,
        "pages": 1,
    }
    [session] = data["sessions"]
    assert set(session) == FIELDS
    assert session["user_id"] == str(user.id)
    assert session["status"] == "ACTIVE"
    assert session["is_current"] is True
    assert session["is_compliance_only"] is False
    assert session["ip_address"] == address
    assert session["user_agent"] == FIREFOX
    assert session["device_info"] == {"browser": "Firefox", "os": "Linux", "device": "desktop"}
    assert session["amr"] == ["pwd"]


def test_the_newest_comes_first_and_only_one_is_the_current_one(client: FlaskClient, make: Factory):
    user = make.user()
    first, second = make.bearer(user), make.bearer(user)
    make.bearer(make.user())

    listed = client.get(SESSIONS, headers=first).json["data"]["sessions"]

    assert [session["is_current"] for session in listed] == [False, True]
    assert own_id(client, second) == listed[0]["id"]


def test_the_list_comes_in_pages(client: FlaskClient, make: Factory):
    user = make.user()
    headers = [make.bearer(user) for _ in range(3)][-1]

    reply = client.get(f"{SESSIONS}?page=2&per_page=2", headers=headers)

    assert len(reply.json["data"]["sessions"]) == 1
    assert reply.json["meta"]["pagination"] == {"page": 2, "per_page": 2, "total": 3, "pages": 2}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("per_page=201", "per_page"),
        ("per_page=-1", "per_page"),
    ],
)
def test_a_page_that_cannot_be_is_named(client: FlaskClient, make: Factory, query, field):
    reply = client.get(f"{SESSIONS}?{query}", headers=make.bearer(make.user()))

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


def test_a_hostile_user_agent_is_kept_without_its_control_signs(
    app: Flask, make: Factory, address: str
):
    """Threat 207: what ends up in lists and logs has no line breaks or escapes."""
    user = make.user()
    client = client_of(app, address, "\x1b[31mevil\x07" + "x" * 400)
    signed_in = client.post(LOGIN, json={"email": user.email, "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json['data']['token']}"}

    [session] = client.get(SESSIONS, headers=headers).json["data"]["sessions"]

    assert session["user_agent"] == ("[31mevil" + "x" * 400)[:255]


def test_revoking_one_session_ends_it_at_once_and_is_recorded(client: FlaskClient, make: Factory):
    user = make.user()
    here, elsewhere = make.bearer(user), make.bearer(user)
    assert client.get(ME, headers=elsewhere).status_code == 200
    session_id = own_id(client, elsewhere)

    reply = client.delete(f"{SESSIONS}/{session_id}", headers=here)

    assert (reply.status_code, reply.json["data"]) == (200, {})
    assert client.get(ME, headers=elsewhere).status_code == 401
    assert client.get(ME, headers=here).status_code == 200
    assert session_id not in ids_of(client, here)
    assert_recorded(
        client, reply, "session.revoked", actor=user.id, target=user.id, resource=session_id
    )


def test_one_may_revoke_the_session_one_is_using(client: FlaskClient, make: Factory):
    headers = make.bearer(make.user())

    reply = client.delete(f"{SESSIONS}/{own_id(client, headers)}", headers=headers)

    assert reply.status_code == 200
    assert client.get(ME, headers=headers).status_code == 401


def test_a_revoked_session_cannot_be_revoked_again(client: FlaskClient, make: Factory):
    user = make.user()
    here, elsewhere = make.bearer(user), make.bearer(user)
    path = f"{SESSIONS}/{own_id(client, elsewhere)}"
    client.delete(path, headers=here)

    again = client.delete(path, headers=here)

    assert (again.status_code, again.json["error"]["type"]) == (404, "NOT_FOUND")
    assert entries_of(client, again) == []


def test_a_foreign_session_and_one_that_never_was_are_not_found_alike(
    client: FlaskClient, make: Factory
):
    mine, theirs = make.bearer(make.user()), make.bearer(make.user())

    foreign = client.delete(f"{SESSIONS}/{own_id(client, theirs)}", headers=mine)
    unknown = client.delete(f"{SESSIONS}/{uuid4()}", headers=mine)

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json["error"] == unknown.json["error"]
    assert client.get(ME, headers=theirs).status_code == 200


@pytest.mark.parametrize("bad", ["1", "x" * 36, "01890a5dac96774bbcceb302099a8057", "%00"])
def test_an_id_that_is_none_is_named(client: FlaskClient, make: Factory, bad):
    reply = client.delete(f"{SESSIONS}/{bad}", headers=make.bearer(make.user()))

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"session_id"}


def test_revoking_all_others_keeps_this_one_and_tells_how_many(client: FlaskClient, make: Factory):
    user = make.user()
    here, *others = (make.bearer(user) for _ in range(4))
    stranger = make.bearer(make.user())
    for headers in others:
        assert client.get(ME, headers=headers).status_code == 200

    reply = client.delete(SESSIONS, headers=here)

    assert reply.json["data"] == {"ended": 3}
    assert [client.get(ME, headers=headers).status_code for headers in others] == [401] * 3
    assert client.get(ME, headers=here).status_code == 200
    assert client.get(ME, headers=stranger).status_code == 200
    entry = assert_recorded(client, reply, "session.others_revoked", actor=user.id, target=user.id)
    assert entry.details["ended"] == 3
    assert entry.resource_id == UUID(own_id(client, here))


def test_revoking_all_others_when_there_are_none_ends_none(client: FlaskClient, make: Factory):
    headers = make.bearer(make.user())

    reply = client.delete(SESSIONS, headers=headers)

    assert (reply.status_code, reply.json["data"]) == (200, {"ended": 0})


def test_what_ends_on_one_worker_ends_on_all(app: Flask, make_app, make: Factory, address: str):
    """Threat 82."""
    one, two = client_of(app, address), client_of(make_app(), address)
    user = make.user()
    here, elsewhere = make.bearer(user), make.bearer(user)
    assert [c.get(ME, headers=elsewhere).status_code for c in (one, two, one)] == [200] * 3

    one.delete(SESSIONS, headers=here)

    assert two.get(ME, headers=elsewhere).status_code == 401
    assert one.get(ME, headers=elsewhere).status_code == 401
    assert two.get(ME, headers=here).status_code == 200


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("", "AUTH_REQUIRED"),
        ("Bearer", "INVALID_AUTH_FORMAT"),
        ("Bearer ", "INVALID_AUTH_FORMAT"),
        ("Basic Ym9iOmJvYg==", "INVALID_AUTH_FORMAT"),
        ("Bearer two words", "INVALID_AUTH_FORMAT"),
        ("Bearer  {token}", "INVALID_AUTH_FORMAT"),
        ("Bearer\t{token}", "INVALID_AUTH_FORMAT"),
        ("{token}", "INVALID_AUTH_FORMAT"),
        ("Bearer {token}x", "INVALID_TOKEN"),
        ("Bearer {cut}", "INVALID_TOKEN"),
        ("Bearer {swapped}", "INVALID_TOKEN"),
        ("Bearer ghs_", "INVALID_TOKEN"),
        ("Bearer x", "INVALID_TOKEN"),
        ("Bearer " + "x" * 60_000, "INVALID_TOKEN"),
    ],
)
def test_a_token_that_is_not_quite_one_is_refused(
    client: FlaskClient, make: Factory, header, error
):
    """Threats 68 and 191."""
    token = make.session(make.user().id)
    forms = {"token": token, "cut": token[:-1], "swapped": token.swapcase()}

    reply = client.get(ME, headers={"Authorization": header.format(**forms)})

    assert reply.status_code == 401
    assert reply.json["error"]["type"] == error


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_has_no_case(client: FlaskClient, make: Factory, scheme):
    token = make.session(make.user().id)

    assert client.get(ME, headers={"Authorization": f"{scheme} {token}"}).status_code == 200
