"""One's own profile: reading it, changing it, and what nobody can change about themselves."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import User
from tests.audit.record import assert_recorded, entries_of
from tests.conftest import client_of
from tests.factories import Factory

ME = "/api/v1/users/me"
FIELDS = {
    "id",
    "email",
    "email_verified",
    "full_name",
    "avatar_url",
    "status",
    "last_login_at",
    "created_at",
    "updated_at",
    "activated",
}
AVATAR = "https://cdn.example.test/bob.png"


@pytest.fixture
def user(make: Factory) -> User:
    return make.user(full_name="Bob", avatar_url=AVATAR)


@pytest.fixture
def headers(make: Factory, user: User) -> dict[str, str]:
    return make.bearer(user)


def test_the_profile_holds_these_fields_and_no_others(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    reply = client.get(ME, headers=headers)

    assert reply.status_code == 200
    assert set(reply.json["data"]) == {"user"}
    shown = reply.json["data"]["user"]
    assert set(shown) == FIELDS
    assert (shown["id"], shown["email"]) == (str(user.id), user.email)
    assert (shown["full_name"], shown["avatar_url"]) == ("Bob", AVATAR)
    assert (shown["status"], shown["activated"], shown["email_verified"]) == ("active", True, True)
    assert shown["last_login_at"] is None


def test_times_are_utc_with_a_z(client: FlaskClient, headers: dict[str, str]):
    shown = client.get(ME, headers=headers).json["data"]["user"]

    assert shown["created_at"].endswith("Z")
    assert datetime.fromisoformat(shown["created_at"]).utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"full_name": "Robert"}, ("Robert", AVATAR)),
        ({"full_name": "  Robert  "}, ("Robert", AVATAR)),
        (
            {"full_name": "e\N{COMBINING ACUTE ACCENT}"},
            ("\N{LATIN SMALL LETTER E WITH ACUTE}", AVATAR),
        ),
        ({"full_name": None}, (None, AVATAR)),
        ({"full_name": "x" * 255}, ("x" * 255, AVATAR)),
        ({"full_name": "<b>{{7*7}}</b>"}, ("<b>{{7*7}}</b>", AVATAR)),
        ({"avatar_url": None}, ("Bob", None)),
        ({"avatar_url": "http://localhost/a.png"}, ("Bob", "http://localhost/a.png")),
        ({"avatar_url": "https://x.test:8443/a?b=c#d"}, ("Bob", "https://x.test:8443/a?b=c#d")),
        ({"full_name": "R", "avatar_url": None}, ("R", None)),
    ],
)
def test_what_is_sent_changes_and_the_rest_stays(
    client: FlaskClient, headers: dict[str, str], sent, shown
):
    reply = client.patch(ME, json=sent, headers=headers)

    assert reply.status_code == 200
    for answer in (reply, client.get(ME, headers=headers)):
        user = answer.json["data"]["user"]
        assert (user["full_name"], user["avatar_url"]) == shown


def test_a_change_is_recorded_with_the_names_of_the_fields_only(
    client: FlaskClient, user: User, headers: dict[str, str]
):
    reply = client.patch(ME, json={"full_name": "Robert", "avatar_url": AVATAR}, headers=headers)

    entry = assert_recorded(
        client, reply, "account.profile_changed", actor=user.id, target=user.id, resource=user.id
    )
    assert entry.details == {"fields": ["full_name"]}


@pytest.mark.parametrize("sent", [{}, {"full_name": "Bob"}, {"avatar_url": AVATAR}])
def test_a_change_to_the_same_is_none(client: FlaskClient, headers: dict[str, str], sent):
    before = client.get(ME, headers=headers).json["data"]["user"]

    reply = client.patch(ME, json=sent, headers=headers)

    assert reply.json["data"]["user"] == before
    assert entries_of(client, reply) == []


def test_a_change_moves_updated_at(client: FlaskClient, headers: dict[str, str]):
    before = client.get(ME, headers=headers).json["data"]["user"]

    after = client.patch(ME, json={"full_name": "R"}, headers=headers).json["data"]["user"]

    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("email", "other@example.test"),
        ("email_key", "other@example.test"),
        ("email_verified", True),
        ("status", "suspended"),
        ("activated", False),
        ("is_admin", True),
        ("role", "owner"),
        ("password", "x"),
        ("password_hash", "x"),
        ("last_login_at", None),
        ("created_at", "2020-01-01T00:00:00Z"),
        ("deleted_at", None),
        ("__class__", "x"),
    ],
)
def test_nothing_else_can_be_changed_along_the_way(
    client: FlaskClient, headers: dict[str, str], field, value
):
    """Threats 107 and 173: the whole request is refused, and the field named."""
    before = client.get(ME, headers=headers).json["data"]["user"]

    reply = client.patch(ME, json={"full_name": "Eve", field: value}, headers=headers)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}
    assert client.get(ME, headers=headers).json["data"]["user"] == before


@pytest.mark.parametrize(
    "value", ["x" * 256, "a\nb", "a\r\nBcc: x", "a\0b", "a\x1b[31m", "a\u2028b", 7, True, [], {}]
)
def test_a_bad_name_is_refused(client: FlaskClient, headers: dict[str, str], value):
    """Threats 108 and 213."""
    reply = client.patch(ME, json={"full_name": value}, headers=headers)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"full_name"}


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "bob.png",
        "/bob.png",
        "//evil.test/x",
        "/\\evil.test",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "\tjavascript:alert(1)",
        "java\nscript:alert(1)",
        "javascript://x.test/%0aalert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://x.test/a.png",
        "blob:https://x.test/1",
        "https:x.test",
        "https:///x",
        "https://",
        "https://good.test@evil.test/",
        "https://user:password@x.test/",
        "https://evil.test\\@good.test/",
        "https://x.test/a b",
        "https://x.test/a\nb",
        "https://x.test/\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
        "https://x.test/" + "a" * 498,
        7,
        [],
        {"url": AVATAR},
    ],
)
def test_an_odd_avatar_address_is_refused(client: FlaskClient, headers: dict[str, str], value):
    """Threat 7: nothing that runs, nothing that hides where it leads."""
    reply = client.patch(ME, json={"avatar_url": value}, headers=headers)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"avatar_url"}
    assert client.get(ME, headers=headers).json["data"]["user"]["avatar_url"] == AVATAR


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"7", b"{", b"\xff", b'{"a":"\\ud800"}'])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, headers: dict[str, str], body):
    """Threat 213."""
    reply = client.patch(ME, data=body, content_type="application/json", headers=headers)

    assert reply.status_code == 400
    assert reply.json["success"] is False


def test_a_change_shows_on_every_worker_at_once(
    client: FlaskClient, make_app, headers: dict[str, str], address: str
):
    other = client_of(make_app(), address)
    for path in ("/api/v1/auth/me", ME):
        assert other.get(path, headers=headers).json["data"]["user"]["full_name"] == "Bob"

    client.patch(ME, json={"full_name": "Robert"}, headers=headers)

    for path in ("/api/v1/auth/me", ME):
        assert other.get(path, headers=headers).json["data"]["user"]["full_name"] == "Robert"
