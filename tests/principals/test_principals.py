"""Principals: creating, listing, changing and deleting them."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.runtime import Runtime
from tests.audit.record import assert_recorded, entries_of
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.statements import statements_of

FIELDS = {
    "id",
    "organization_id",
    "name",
    "description",
    "direct_member_count",
    "department_count",
    "created_at",
    "updated_at",
}
# Threat 216. What a certificate must never name.
BAD_NAMES = [
    "",
    "a,b",
    "a b",
    " a",
    "a ",
    "*",
    "a*",
    "!a",
    "a?",
    "a\nb",
    "a\n",
    "a\x00b",
    "Root",
    "ROOT",
    "ro\u043et",
    "\uff52oot",
    "é",
    "-a",
    ".a",
    "@a",
    "a/b",
    "a\\b",
    "a'b",
    "$a",
    "x" * 65,
    None,
    7,
    ["a"],
]


def create(client: FlaskClient, circle: Circle, headers=None, **sent: object):
    path = circle.path("/principals")
    return client.post(path, json=sent, headers=headers or circle.as_owner)


def test_a_principal_is_created_and_read(client: FlaskClient, circle: Circle):
    reply = create(client, circle, name="deploy", description="Ships")

    assert reply.status_code == 201
    made = reply.json["data"]["principal"]
    assert set(made) == FIELDS
    assert (made["name"], made["direct_member_count"], made["department_count"]) == ("deploy", 0, 0)
    read = client.get(circle.path(f"/principals/{made['id']}"), headers=circle.as_owner)
    assert read.json["data"]["principal"] == made
    entry = assert_recorded(
        client,
        reply,
        "principal.created",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=made["id"],
    )
    assert entry.details == {"principal_id": made["id"], "title": "deploy"}


@pytest.mark.parametrize(
    "name", ["a", "_", "0", "deploy", "db.admin", "ci-runner", "a@b.c", "urn:x:y", "x" * 64]
)
def test_good_names(client: FlaskClient, circle: Circle, name):
    """Ruling 33."""
    assert create(client, circle, name=name).status_code == 201


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_name_that_no_certificate_may_hold_is_refused(
    client: FlaskClient, make: Factory, circle: Circle, name
):
    """Threat 216: at creation, and by a new name."""
    path = circle.path(f"/principals/{make.principal(circle.org).id}")

    replies = [
        create(client, circle, name=name),
        client.patch(path, json={"name": name}, headers=circle.as_owner),
    ]

    for reply in replies:
        assert reply.status_code == 400
        assert set(reply.json["error"]["details"]) == {"name"}


@pytest.mark.parametrize(("kind", "status"), [("owner", 201), ("admin", 403)])
def test_only_an_owner_makes_root(client: FlaskClient, make: Factory, circle: Circle, kind, status):
    """Threat 216, by creating it and by renaming another."""
    headers, elsewhere = circle.headers(kind), Circle(make)
    other = make.principal(elsewhere.org)

    made = create(client, circle, headers, name="root")
    path = elsewhere.path(f"/principals/{other.id}")
    renamed = client.patch(path, json={"name": "root"}, headers=elsewhere.headers(kind))

    assert (made.status_code, renamed.status_code) == (status, 200 if status == 201 else 403)
    if status == 403:
        for reply in (made, renamed):
            assert reply.json["error"]["type"] == "AUTHORIZATION_ERROR"
            assert "owner" in reply.json["message"]


@pytest.mark.parametrize(("kind", "status"), [("owner", 200), ("admin", 403)])
@pytest.mark.parametrize("way", ["rename", "delete"])
def test_only_an_owner_renames_and_deletes_root(
    client: FlaskClient, make: Factory, circle: Circle, kind, status, way
):
    """Threat 216: whoever holds it by an owner's gift loses it by no admin's stroke."""
    path = circle.path(f"/principals/{make.principal(circle.org, name='root').id}")
    headers = circle.headers(kind)

    if way == "rename":
        reply = client.patch(path, json={"name": "deploy"}, headers=headers)
    else:
        reply = client.delete(path, headers=headers)

    assert reply.status_code == status
    described = client.patch(path, json={"description": "Ours"}, headers=headers).status_code
    assert described == (404 if (way, status) == ("delete", 200) else 200)


def test_a_name_is_given_once_in_an_organization(
    client: FlaskClient, make: Factory, circle: Circle
):
    create(client, circle, name="deploy")
    other = make.principal(circle.org)

    clash = create(client, circle, name="deploy")
    path = circle.path(f"/principals/{other.id}")
    renamed = client.patch(path, json={"name": "deploy"}, headers=circle.as_owner)

    for reply in (clash, renamed):
        assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")
        assert entries_of(client, reply) == []
    assert create(client, Circle(make), name="deploy").status_code == 201


def test_a_change_is_recorded_with_both_names(client: FlaskClient, make: Factory, circle: Circle):
    principal = make.principal(circle.org, name="old", description="Kept")
    path = circle.path(f"/principals/{principal.id}")

    reply = client.patch(path, json={"name": "new"}, headers=circle.as_owner)
    same = client.patch(path, json={"name": "new"}, headers=circle.as_owner)

    changed = reply.json["data"]["principal"]
    assert (changed["name"], changed["description"]) == ("new", "Kept")
    assert (same.status_code, entries_of(client, same)) == (200, [])
    entry = assert_recorded(
        client,
        reply,
        "principal.changed",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=principal.id,
    )
    assert (entry.details["old_title"], entry.details["title"]) == ("old", "new")


def test_a_deleted_name_is_free_again_and_inherits_nothing(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 123."""
    department = make.department(circle.org, circle.owner)
    old = make.principal(circle.org, circle.owner, department, name="deploy")

    reply = client.delete(circle.path(f"/principals/{old.id}"), headers=circle.as_owner)
    new = create(client, circle, name="deploy").json["data"]["principal"]

    assert (reply.status_code, reply.json["data"]) == (200, {})
    for what in ("members", "departments"):
        path = circle.path(f"/principals/{new['id']}/{what}")
        assert client.get(path, headers=circle.as_owner).json["data"]["count"] == 0
    assert_recorded(
        client,
        reply,
        "principal.deleted",
        actor=circle.owner.user_id,
        org=circle.org.id,
        resource=old.id,
    )


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": "a", "description": "x" * 2001}, "description"),
        ({"name": "a", "org_id": str(uuid4())}, "org_id"),
        ({"name": "a", "direct_member_count": 4}, "direct_member_count"),
    ],
)
def test_a_bad_or_smuggled_field_is_named(client: FlaskClient, circle: Circle, sent, field):
    """Threat 173."""
    reply = create(client, circle, **sent)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


def test_many_cost_as_many_statements_as_few_and_are_counted_right(
    client: FlaskClient, make: Factory, circle: Circle, runtime: Runtime
):
    headers, path = circle.as_owner, circle.path("/principals?per_page=200")
    members = [circle.join() for _ in range(2)]
    departments = [make.department(circle.org) for _ in range(3)]
    client.get(path, headers=headers)

    def cost() -> int:
        with statements_of(runtime) as statements:
            assert client.get(path, headers=headers).status_code == 200
        return len(statements)

    first = make.principal(circle.org, *members, *departments, name="0")
    few = cost()
    for number in range(20):
        make.principal(circle.org, *members[: number % 2], name=f"p{number:02}")

    assert cost() == few <= 8
    listed = client.get(path, headers=headers).json["data"]["principals"]
    assert listed[0]["id"] == str(first.id)
    assert (listed[0]["direct_member_count"], listed[0]["department_count"]) == (2, 3)
    assert [p["name"] for p in listed] == sorted(p["name"] for p in listed)
    opened = circle.path(f"/departments/{departments[0].id}/principals")
    [shown] = client.get(opened, headers=headers).json["data"]["principals"]
    assert shown == listed[0]
