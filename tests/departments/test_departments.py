"""Departments: creating, listing, changing and deleting them."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.departments.models import Department
from gatehouse.principals.models import Principal
from tests.audit.record import assert_recorded, entries_of
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.statements import statements_of

FIELDS = {
    "id",
    "organization_id",
    "name",
    "description",
    "member_count",
    "principal_count",
    "created_at",
    "updated_at",
}


def create(client: FlaskClient, circle: Circle, **sent: object):
    return client.post(circle.path("/departments"), json=sent, headers=circle.as_owner)


def test_a_department_is_created_and_read(client: FlaskClient, circle: Circle):
    reply = create(client, circle, name=" Engineering ", description="Builds\r\nthings")

    assert reply.status_code == 201
    made = reply.json["data"]["department"]
    assert set(made) == FIELDS
    assert (made["name"], made["description"]) == ("Engineering", "Builds\nthings")
    assert (made["organization_id"], made["member_count"]) == (str(circle.org.id), 0)
    assert made["principal_count"] == 0
    read = client.get(circle.path(f"/departments/{made['id']}"), headers=circle.as_owner)
    assert read.json["data"]["department"] == made
    entry = assert_recorded(
        client,
        reply,
        "department.created",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=made["id"],
    )
    assert entry.details == {"department_id": made["id"], "title": "Engineering"}


@pytest.mark.parametrize("again", ["Engineering", "ENGINEERING", "  engineering "])
def test_a_name_is_taken_once_in_any_case(
    client: FlaskClient, make: Factory, circle: Circle, again
):
    create(client, circle, name="Engineering")
    other = Circle(make)

    clash = create(client, circle, name=again)

    assert (clash.status_code, clash.json["error"]["type"]) == (409, "CONFLICT")
    assert entries_of(client, clash) == []
    assert create(client, other, name=again).status_code == 201


def test_names_without_case_are_compared_as_people_read_them(client: FlaskClient, circle: Circle):
    """One letter may be several without case, and still fits."""
    assert create(client, circle, name="ΐ" * 255).status_code == 201
    assert create(client, circle, name="Straße").status_code == 201
    assert create(client, circle, name="STRASSE").status_code == 409


def test_a_deleted_name_is_free_again_and_inherits_nothing(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 123."""
    member = circle.join()
    old = make.department(circle.org, member, name="Ops")
    make.principal(circle.org, old)

    reply = client.delete(circle.path(f"/departments/{old.id}"), headers=circle.as_owner)
    new = create(client, circle, name="Ops").json["data"]["department"]

    assert (reply.status_code, reply.json["data"]) == (200, {})
    path = circle.path(f"/departments/{new['id']}")
    assert new["id"] != str(old.id)
    assert client.get(f"{path}/members", headers=circle.as_owner).json["data"]["count"] == 0
    assert client.get(f"{path}/principals", headers=circle.as_owner).json["data"]["count"] == 0
    gone = client.get(circle.path(f"/departments/{old.id}"), headers=circle.as_owner)
    assert gone.status_code == 404
    entry = assert_recorded(
        client,
        reply,
        "department.deleted",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=old.id,
    )
    assert entry.details["title"] == "Ops"


def test_a_change_leaves_what_is_not_sent(client: FlaskClient, make: Factory, circle: Circle):
    department = make.department(circle.org, name="Ops", description="Old")
    path = circle.path(f"/departments/{department.id}")

    reply = client.patch(path, json={"name": "OPS"}, headers=circle.as_owner)
    emptied = client.patch(path, json={"description": None}, headers=circle.as_owner)
    same = client.patch(path, json={"name": "OPS"}, headers=circle.as_owner)

    changed = reply.json["data"]["department"]
    assert (changed["name"], changed["description"]) == ("OPS", "Old")
    assert emptied.json["data"]["department"]["description"] is None
    assert same.status_code == 200
    assert entries_of(client, same) == []
    entry = assert_recorded(
        client,
        reply,
        "department.changed",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=department.id,
    )
    assert entry.details["fields"] == ["name"]


def test_a_name_of_another_cannot_be_taken_by_a_change(
    client: FlaskClient, make: Factory, circle: Circle
):
    make.department(circle.org, name="Ops")
    other = make.department(circle.org)

    path = circle.path(f"/departments/{other.id}")
    reply = client.patch(path, json={"name": "ops"}, headers=circle.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "description": "x" * 2001}, "description"),
        ({"name": "x", "description": []}, "description"),
        ({"name": "x", "org_id": str(uuid4())}, "org_id"),
        ({"name": "x", "id": str(uuid4())}, "id"),
        ({"name": "x", "member_count": 1}, "member_count"),
        ({"name": "x", "name_key": "y"}, "name_key"),
    ],
)
def test_a_bad_or_smuggled_field_is_named(
    client: FlaskClient, make: Factory, circle: Circle, sent, field
):
    """Threat 173."""
    path = circle.path(f"/departments/{make.department(circle.org).id}")

    replies = [create(client, circle, **sent)]
    if sent:
        replies.append(client.patch(path, json=sent, headers=circle.as_owner))

    for reply in replies:
        assert reply.status_code == 400
        assert set(reply.json["error"]["details"]) == {field}


def test_they_are_listed_by_name_in_pages(client: FlaskClient, make: Factory, circle: Circle):
    for name in ("beta", "Alpha", "gamma"):
        make.department(circle.org, name=name)
    make.department(make.organization())

    path = circle.path("/departments")
    first = client.get(f"{path}?per_page=2", headers=circle.as_owner).json
    second = client.get(f"{path}?per_page=2&page=2", headers=circle.as_owner).json

    assert [d["name"] for d in first["data"]["departments"]] == ["Alpha", "beta"]
    assert [d["name"] for d in second["data"]["departments"]] == ["gamma"]
    assert first["data"]["count"] == first["meta"]["pagination"]["total"] == 3


def test_many_cost_as_many_statements_as_few_and_are_counted_right(
    client: FlaskClient, make: Factory, circle: Circle, runtime: Runtime
):
    headers, path = circle.as_owner, circle.path("/departments?per_page=200")
    members = [circle.join() for _ in range(3)]
    client.get(path, headers=headers)

    def cost() -> int:
        with statements_of(runtime) as statements:
            assert client.get(path, headers=headers).status_code == 200
        return len(statements)

    first = make.department(circle.org, *members)
    make.principal(circle.org, first)
    few = cost()
    for number in range(20):
        department = make.department(circle.org, *members[: number % 3])
        make.principal(circle.org, department)

    assert cost() == few <= 8
    listed = client.get(path, headers=headers).json["data"]["departments"]
    shown = {d["id"]: (d["member_count"], d["principal_count"]) for d in listed}
    assert shown[str(first.id)] == (3, 1)
    assert min(count for count, _ in shown.values()) == 0
    assert {principals for _, principals in shown.values()} == {1}


def test_deleting_the_organization_takes_its_departments_along(
    client: FlaskClient, make: Factory, db
):
    for way in ("delete the organization", "delete the account"):
        org = make.organization()
        owner = make.member(org, Role.OWNER)
        department = make.department(org, owner)
        principal = make.principal(org, owner, department)
        headers = make.bearer(owner)

        path = f"/api/v1/organizations/{org.id}" if "org" in way else "/api/v1/users/me"
        assert client.delete(path, headers=headers).status_code == 200

        db.rollback()
        assert db.get(Department, department.id) is None
        assert db.get(Principal, principal.id) is None
