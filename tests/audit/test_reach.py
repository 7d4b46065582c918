"""GET /audit-logs: one's own entries and those of the organizations that one administers."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from tests.factories import Factory

ALL = "/api/v1/audit-logs"


def logs(client: FlaskClient, headers: dict[str, str], **query):
    return client.get(ALL, query_string=query, headers=headers)


def ids(reply) -> list[str]:
    return [entry["id"] for entry in reply.json["data"]["audit_logs"]]


def actions(reply) -> list[str]:
    return [entry["action"] for entry in reply.json["data"]["audit_logs"]]


def rename(client: FlaskClient, org, headers, times: int = 1) -> None:
    for n in range(times):
        at = f"/api/v1/organizations/{org.id}"
        reply = client.patch(at, json={"name": f"New {n}"}, headers=headers)
        assert reply.status_code == 200


@pytest.fixture
def people(client: FlaskClient, make: Factory):
    """Two organizations, in which their owners have done something, and one who is in both."""
    one, two = make.organization(), make.organization()
    owners = [make.member(org, Role.OWNER, user=make.user(full_name="Olga")) for org in (one, two)]
    both = make.user()
    seats = [make.member(one, Role.ADMIN, user=both), make.member(two, user=both)]
    for org, owner, seat in zip((one, two), owners, seats, strict=True):
        headers = make.bearer(owner)
        rename(client, org, headers, 2)
        path = f"/api/v1/organizations/{org.id}/members/{seat.user_id}/suspend"
        client.post(path, headers=headers)
        client.post(path.replace("suspend", "unsuspend"), headers=headers)
    return one, two, both


def test_an_admin_sees_the_organization_and_what_befell_them_elsewhere(
    client: FlaskClient, make: Factory, people
):
    one, two, both = people

    reply = logs(client, make.bearer(both))

    of_one = ["member.unsuspended", "member.suspended", *["organization.changed"] * 2]
    assert actions(reply) == ["member.unsuspended", "member.suspended", *of_one]
    data = reply.json["data"]
    assert (data["count"], data["page"], data["pages"], data["is_admin_view"]) == (6, 1, 1, True)
    where = [entry["organization_id"] for entry in data["audit_logs"]]
    assert where == [str(two.id)] * 2 + [str(one.id)] * 4


def test_addresses_of_others_are_shown_where_one_is_admin_only(
    client: FlaskClient, make: Factory, people, address: str
):
    one, two, both = people

    entries = logs(client, make.bearer(both)).json["data"]["audit_logs"]

    shown = {(entry["organization_id"], entry["ip_address"]) for entry in entries}
    assert shown == {(str(one.id), address), (str(two.id), None)}
    emails = {entry["organization_id"]: entry["user_email"] for entry in entries}
    assert emails[str(one.id)] is not None
    assert emails[str(two.id)] is None


def test_pages_and_cursors_walk_each_entry_once(client: FlaskClient, make: Factory, people):
    headers = make.bearer(people[2])
    whole = ids(logs(client, headers))
    assert len(set(whole)) == 6

    by_page = [ids(logs(client, headers, per_page=2, page=page)) for page in (1, 2, 3, 4)]
    by_cursor, cursor = [], None
    while cursor or not by_cursor:
        reply = logs(client, headers, per_page=4, **({"cursor": cursor} if cursor else {}))
        by_cursor += ids(reply)
        cursor = reply.json["meta"]["next_cursor"]

    assert sum(by_page, []) == by_cursor == whole  # noqa: RUF017 - four short lists


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
def test_members_see_their_own_alone(client: FlaskClient, make: Factory, role):
    org = make.organization()
    owner = make.bearer(make.member(org, Role.OWNER))
    rename(client, org, owner)
    member = make.member(org, role)

    reply = logs(client, make.bearer(member))

    assert (actions(reply), reply.json["data"]["is_admin_view"]) == ([], False)


def test_a_suspended_admin_sees_their_own_alone(client: FlaskClient, make: Factory):
    org = make.organization()
    rename(client, org, make.bearer(make.member(org, Role.OWNER)))
    admin = make.member(org, Role.ADMIN)
    make.change(admin, suspended_at=datetime.now(UTC))

    reply = logs(client, make.bearer(admin))

    assert (actions(reply), reply.json["data"]["is_admin_view"]) == ([], False)


def test_a_stranger_sees_nothing_by_any_filter(client: FlaskClient, make: Factory, people):
    """Threat 210."""
    headers = make.bearer(make.member(make.organization(), Role.OWNER))

    for query in ({}, {"user_id": people[2].id}, {"target_id": people[2].id}, {"q": "member"}):
        assert ids(logs(client, headers, **query)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"resource_type": "member"}, 4),
        ({"resource_type": "membe"}, 0),
        ({"action": "organization."}, 2),
        ({"action": "member.s"}, 2),
        ({"action": "MEMBER."}, 0),
        ({"action": "member.", "success": "true"}, 4),
        ({"success": "false"}, 0),
        ({"q": "unsus"}, 2),
    ],
)
def test_filters_narrow_every_part(client: FlaskClient, make: Factory, people, query, expected):
    reply = logs(client, make.bearer(people[2]), **query)

    assert (len(ids(reply)), reply.json["data"]["count"]) == (expected, expected)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"resource_type": "x" * 51}, "resource_type"),
        ({"resource_type": "a\0"}, "resource_type"),
        ({"page": "0"}, "page"),
        ({"per_page": "201"}, "per_page"),
        ({"cursor": "x"}, "cursor"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from"),
        ({"to": "9999-12-31T23:59:59-14:00"}, "to"),
    ],
)
def test_bad_filters_are_named(client: FlaskClient, make: Factory, query, field):
    reply = logs(client, make.bearer(make.user()), **query)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


@pytest.mark.parametrize(
    "query",
    [
        {"from": "0001-01-01T00:00:00Z"},
        {"to": "9999-12-31T23:59:59Z"},
        {"to": "0001-01-01T00:00:00Z"},
        {"from": "9999-12-31T23:59:59Z"},
        {"from": "1969-12-31T23:59:59Z", "to": "1970-01-01T00:30:00Z"},
    ],
)
def test_the_ends_of_time_are_just_filters(client: FlaskClient, make: Factory, people, query):
    reply = logs(client, make.bearer(people[2]), **query)

    assert reply.status_code == 200
    is_everything = query in ({"from": "0001-01-01T00:00:00Z"}, {"to": "9999-12-31T23:59:59Z"})
    assert len(ids(reply)) == (6 if is_everything else 0)


def test_many_organizations_are_one_list(client: FlaskClient, make: Factory):
    boss = make.user()
    places = [make.member(make.organization(), Role.OWNER, user=boss) for _ in range(30)]
    headers = make.bearer(boss)
    for place in places:
        rename(client, SimpleNamespace(id=place.org_id), headers)

    reply = logs(client, headers, per_page=20)

    data = reply.json["data"]
    assert (len(data["audit_logs"]), data["count"], data["pages"]) == (20, 30, 2)
    newest = [str(place.org_id) for place in reversed(places)][:20]
    assert [entry["organization_id"] for entry in data["audit_logs"]] == newest
