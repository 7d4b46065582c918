"""Reading the record: one's own, or one organization's."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory

OWN = "/api/v1/auth/audit-logs"
LOGIN = "/api/v1/auth/login"
FIELDS = {
    "id",
    "action",
    "description",
    "user_id",
    "user_email",
    "user",
    "actor_type",
    "target_user",
    "organization_id",
    "resource_type",
    "resource_id",
    "ip_address",
    "user_agent",
    "request_id",
    "success",
    "error_message",
    "metadata",
    "created_at",
}


def logs(client: FlaskClient, headers: dict[str, str], path: str = OWN, **query: object):
    return client.get(path, query_string=query, headers=headers)


def actions(reply) -> list[str]:
    return [entry["action"] for entry in reply.json["data"]["audit_logs"]]


class Office:
    """An organization whose owner has done something to a member."""

    def __init__(self, client: FlaskClient, make: Factory) -> None:
        self.org = make.organization()
        self.owner = make.member(self.org, Role.OWNER, user=make.user(full_name="Olga"))
        self.member = make.member(self.org, user=make.user(full_name="Mel"))
        self.headers = make.bearer(self.owner)
        self.path = f"/api/v1/organizations/{self.org.id}/audit-logs"
        at = f"/api/v1/organizations/{self.org.id}"
        of_member = f"{at}/members/{self.member.user_id}"
        self.replies = [
            client.patch(at, json={"name": "New"}, headers=self.headers),
            client.patch(f"{of_member}/role", json={"role": "admin"}, headers=self.headers),
            client.post(f"{of_member}/suspend", headers=self.headers),
        ]


@pytest.fixture
def office(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)


EVERYTHING = ["member.suspended", "member.role_changed", "organization.changed"]


def test_an_entry_says_who_did_what_to_whom_and_from_where(
    client: FlaskClient, office: Office, address: str
):
    reply = logs(client, office.headers, office.path)

    assert actions(reply) == EVERYTHING
    newest = reply.json["data"]["audit_logs"][0]
    assert set(newest) == FIELDS
    assert newest["description"] == "A membership was suspended."
    assert newest["actor_type"] == "user"
    assert newest["user_id"] == str(office.owner.user_id)
    assert newest["user_email"] == newest["user"]["email"]
    assert newest["user"]["full_name"] == "Olga"
    assert newest["target_user"]["full_name"] == "Mel"
    assert newest["organization_id"] == str(office.org.id)
    assert (newest["resource_type"], newest["resource_id"]) == ("member", str(office.member.id))
    assert (newest["ip_address"], newest["user_agent"]) == (address, "tests/1.0")
    assert newest["request_id"] == office.replies[2].json["request_id"]
    assert (newest["success"], newest["error_message"]) == (True, None)
    assert newest["metadata"] == {"member_id": str(office.member.id)}
    assert newest["created_at"].endswith("Z")


def test_the_list_tells_how_much_there_is(client: FlaskClient, office: Office):
    reply = logs(client, office.headers, office.path, per_page=2)

    data, meta = reply.json["data"], reply.json["meta"]
    assert {key: data[key] for key in data if key != "audit_logs"} == {
        "count": 3,
        "page": 1,
        "per_page": 2,
        "pages": 2,
    }
    assert meta["pagination"] == {"page": 1, "per_page": 2, "total": 3, "pages": 2}
    assert actions(logs(client, office.headers, office.path, per_page=2, page=2)) == EVERYTHING[2:]


def test_a_cursor_walks_through_every_entry_once(client: FlaskClient, office: Office):
    seen, query = [], {"per_page": 1}
    while True:
        reply = logs(client, office.headers, office.path, **query)
        seen += actions(reply)
        if reply.json["meta"]["next_cursor"] is None:
            break
        query["cursor"] = reply.json["meta"]["next_cursor"]

    assert seen == EVERYTHING


def test_what_happens_during_the_walk_does_not_disturb_it(client: FlaskClient, office: Office):
    first = logs(client, office.headers, office.path, per_page=2)
    at = f"/api/v1/organizations/{office.org.id}"
    client.patch(at, json={"name": "Newer"}, headers=office.headers)

    cursor = first.json["meta"]["next_cursor"]
    rest = logs(client, office.headers, office.path, per_page=2, cursor=cursor)

    assert actions(first) + actions(rest) == EVERYTHING


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page": "1e3"}, "page"),
        ({"page": "9999999999"}, "page"),
        ({"page": "202", "per_page": "50"}, "page"),
        ({"per_page": "0"}, "per_page"),
        ({"per_page": "201"}, "per_page"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "' OR 1=1 --"}, "cursor"),
        ({"cursor": "\N{SNOWMAN}" * 22}, "cursor"),
        ({"user_id": "me"}, "user_id"),
        ({"target_id": "1"}, "target_id"),
        ({"success": "maybe"}, "success"),
        ({"success": "1"}, "success"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-01T00:00:00"}, "from"),
        ({"to": "2026-13-01T00:00:00Z"}, "to"),
        ({"action": "x" * 101}, "action"),
        ({"q": "x" * 101}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"action": "a\nb"}, "action"),
    ],
)
def test_a_bad_filter_is_named(client: FlaskClient, make: Factory, query, field):
    """Threat 77: forged cursors and filters are refused before they reach the database."""
    reply = logs(client, make.bearer(make.user()), **query)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


def test_an_unknown_filter_is_ignored(client: FlaskClient, office: Office):
    reply = logs(client, office.headers, office.path, org_id=str(uuid4()), sort="x")

    assert actions(reply) == EVERYTHING


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("member.", EVERYTHING[:2]),
        ("member.role_changed", EVERYTHING[1:2]),
        ("organization", EVERYTHING[2:]),
        ("", EVERYTHING),
        ("%", []),
        ("member%", []),
        ("member_", []),
        ("m_mber", []),
        ("suspended", []),
        ("\\", []),
        ("'", []),
    ],
)
def test_an_action_is_a_prefix_and_its_signs_are_literal(
    client: FlaskClient, office: Office, action, expected
):
    """Threat 200."""
    assert actions(logs(client, office.headers, office.path, action=action)) == expected


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("SUSPEND", EVERYTHING[:1]),
        ("ember.", EVERYTHING[:2]),
        ("tests/1", EVERYTHING),
        ("%", []),
        ("_", EVERYTHING[1:2]),
        ("tests_1", []),
        ("nothing like it", []),
    ],
)
def test_free_text_is_literal_too(client: FlaskClient, office: Office, q, expected):
    """Threat 200."""
    assert actions(logs(client, office.headers, office.path, q=q)) == expected


def test_free_text_finds_a_request_by_its_id(client: FlaskClient, office: Office):
    request_id = office.replies[1].json["request_id"]

    assert actions(logs(client, office.headers, office.path, q=request_id)) == EVERYTHING[1:2]


def test_filters_by_person_and_outcome(client: FlaskClient, office: Office):
    owner, member = office.owner.user_id, office.member.user_id

    found = {
        name: actions(logs(client, office.headers, office.path, **query))
        for name, query in {
            "by the owner": {"user_id": owner},
            "by the member": {"user_id": member},
            "to the member": {"target_id": member},
            "to the place": {"target_id": office.member.id},
            "to the organization": {"target_id": office.org.id},
            "done": {"success": "true"},
            "refused": {"success": "false"},
            "both": {"target_id": member, "action": "member.s"},
        }.items()
    }

    assert found == {
        "by the owner": EVERYTHING,
        "by the member": [],
        "to the member": EVERYTHING[:2],
        "to the place": EVERYTHING[:2],
        "to the organization": EVERYTHING[2:],
        "done": EVERYTHING,
        "refused": [],
        "both": EVERYTHING[:1],
    }


def test_from_is_included_and_to_is_not(client: FlaskClient, office: Office):
    entries = logs(client, office.headers, office.path).json["data"]["audit_logs"]
    middle = entries[1]["created_at"]

    since = actions(logs(client, office.headers, office.path, **{"from": middle}))
    until = actions(logs(client, office.headers, office.path, to=middle))

    assert (since, until) == (EVERYTHING[:2], EVERYTHING[2:])


def test_times_in_another_zone_mean_the_same_moment(client: FlaskClient, office: Office):
    """Threat 240."""
    entry = entries_of(client, office.replies[1])[0]
    elsewhere = (entry.created_at + timedelta(hours=5, minutes=30)).replace(tzinfo=None)

    reply = logs(client, office.headers, office.path, **{"from": f"{elsewhere.isoformat()}+05:30"})

    assert actions(reply) == EVERYTHING[:2]


def test_one_sees_what_one_did_and_what_happened_to_one(
    client: FlaskClient, make: Factory, office: Office
):
    user_id = office.member.user_id

    reply = logs(client, make.bearer(office.member))

    assert actions(reply) == EVERYTHING[:2]
    targets = {entry["target_user"]["id"] for entry in reply.json["data"]["audit_logs"]}
    assert targets == {str(user_id)}


def test_refused_sign_ins_are_among_ones_own(client: FlaskClient, make: Factory, address: str):
    user = make.user()
    client.post(LOGIN, json={"email": user.email, "password": "wrong"})

    [entry] = logs(client, make.bearer(user)).json["data"]["audit_logs"]

    assert (entry["action"], entry["success"]) == ("auth.sign_in_refused", False)
    assert (entry["user"], entry["user_email"], entry["actor_type"]) == (None, None, "anonymous")
    assert entry["target_user"]["email"] == user.email
    assert (entry["error_message"], entry["ip_address"]) == ("wrong_password", address)
    assert actions(logs(client, make.bearer(user), success="true")) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"user_id": "{victim}"},
        {"target_id": "{victim}"},
        {"action": "member"},
        {"q": "member"},
        {"organization_id": "{org}"},
    ],
)
def test_nobody_reads_another_organization_by_any_filter(
    client: FlaskClient, make: Factory, office: Office, query
):
    """Threat 210."""
    mine = make.organization()
    boss = make.bearer(make.member(mine, Role.OWNER))
    words = {"victim": office.owner.user_id, "org": office.org.id}
    sent = {key: value.format(**words) for key, value in query.items()}

    own = logs(client, boss, **sent)
    theirs = logs(client, boss, office.path, **sent)
    of_mine = logs(client, boss, f"/api/v1/organizations/{mine.id}/audit-logs", **sent)

    assert (actions(own), theirs.status_code, actions(of_mine)) == ([], 404, [])


def test_a_cursor_of_another_organization_opens_nothing(
    client: FlaskClient, make: Factory, office: Office
):
    """Threats 77 and 210."""
    cursor = logs(client, office.headers, office.path, per_page=1).json["meta"]["next_cursor"]
    mine = make.organization()
    boss = make.bearer(make.member(mine, Role.OWNER))

    reply = logs(client, boss, f"/api/v1/organizations/{mine.id}/audit-logs", cursor=cursor)

    assert reply.json["data"]["audit_logs"] == []


def test_what_is_not_of_the_organization_is_not_in_its_record(
    client: FlaskClient, make: Factory, office: Office
):
    """An admin does not read where a member signs in."""
    headers = make.bearer(office.owner)
    client.post("/api/v1/auth/reauthenticate", json={"password": PASSWORD}, headers=headers)
    client.post("/api/v1/auth/logout", headers=headers)

    assert actions(logs(client, office.headers, office.path)) == EVERYTHING


def test_old_entries_carry_the_names_of_today(client: FlaskClient, make: Factory, office: Office):
    client.patch("/api/v1/users/me", json={"full_name": "Olga II"}, headers=office.headers)

    entries = logs(client, office.headers, office.path).json["data"]["audit_logs"]

    assert {entry["user"]["full_name"] for entry in entries} == {"Olga II"}


def test_what_went_wrong_is_told_without_what_was_typed(client: FlaskClient, make: Factory):
    user = make.user()
    typed = f"typed-{uuid4().hex}"
    reply = client.post(LOGIN, json={"email": user.email, "password": typed})

    [entry] = entries_of(client, reply)

    assert typed not in str(vars(entry))
    assert user.email not in str(vars(entry))


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("test-request-0001", True),
        ("A.b_c-1234", True),
        ("short", False),
        ("x" * 65, False),
        ("<script>alert(1)</script>", False),
        ("abcdefgh\tijk", False),
    ],
)
def test_the_callers_request_id_is_kept_if_it_is_harmless(
    app, make: Factory, address: str, sent, is_kept
):
    """Threat 207."""
    client, user = client_of(app, address), make.user()
    headers = make.bearer(user) | {"X-Request-ID": sent}

    reply = client.post("/api/v1/auth/logout", headers=headers)

    request_id = reply.json["request_id"]
    assert (request_id == sent) is is_kept
    assert is_kept or UUID(request_id)
    entries = logs(client, make.bearer(user)).json["data"]["audit_logs"]
    assert [entry["request_id"] for entry in entries] == [request_id]


def test_an_entry_is_dated_by_the_request(client: FlaskClient, office: Office):
    newest = logs(client, office.headers, office.path).json["data"]["audit_logs"][0]

    age = datetime.now(UTC) - datetime.fromisoformat(newest["created_at"])

    assert timedelta(0) <= age < timedelta(minutes=1)
