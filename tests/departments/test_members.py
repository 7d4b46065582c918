"""Who is in a department: adding, listing, taking out, and what ends by itself."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.audit.record import assert_recorded, entries_of
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.statements import statements_of

FIELDS = {"id", "user_id", "department_id", "role", "is_suspended", "created_at", "user"}


def people(circle: Circle, department) -> str:
    return circle.path(f"/departments/{department.id}/members")


def ids_in(client: FlaskClient, circle: Circle, department) -> list[str]:
    reply = client.get(people(circle, department), headers=circle.as_owner)
    return [member["user_id"] for member in reply.json["data"]["members"]]


@pytest.mark.parametrize("by", ["email", "user_id"])
def test_a_member_is_added_by_address_or_id(client: FlaskClient, make: Factory, circle: Circle, by):
    user, department = make.user(), make.department(circle.org)
    make.member(circle.org, user=user)
    sent = {"email": user.email.upper()} if by == "email" else {"user_id": str(user.id)}

    reply = client.post(people(circle, department), json=sent, headers=circle.as_owner)

    assert reply.status_code == 201
    member = reply.json["data"]["member"]
    assert set(member) == FIELDS
    assert (member["user_id"], member["department_id"]) == (str(user.id), str(department.id))
    assert member["user"]["email"] == user.email
    assert ids_in(client, circle, department) == [str(user.id)]
    entry = assert_recorded(
        client,
        reply,
        "department.member_added",
        actor=circle.owner.user_id,
        target=user.id,
        org=circle.org.id,
        resource=department.id,
    )
    assert entry.details["title"] == department.name


@pytest.mark.parametrize("who", ["nobody", "a stranger", "a former member", "a suspended one"])
@pytest.mark.parametrize("by", ["email", "user_id"])
def test_only_active_members_are_found(client: FlaskClient, make: Factory, circle: Circle, who, by):
    """An address that nobody has is answered like that of a stranger (threat 112)."""
    user = make.user()
    if who == "a former member":
        make.member(circle.org, user=user, deleted_at=datetime.now(UTC))
    if who == "a suspended one":
        make.member(circle.org, user=user, suspended_at=datetime.now(UTC))
    email = f"{uuid4().hex}@example.test" if who == "nobody" else user.email
    user_id = uuid4() if who == "nobody" else user.id
    sent = {"email": email} if by == "email" else {"user_id": str(user_id)}

    department = make.department(circle.org)
    reply = client.post(people(circle, department), json=sent, headers=circle.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (404, "NOT_FOUND")
    assert reply.json["message"] == "This organization has no such active member."
    assert ids_in(client, circle, department) == []


def test_a_guest_is_not_added(client: FlaskClient, make: Factory, circle: Circle):
    """Ruling 19."""
    sent = {"user_id": str(circle.join(Role.GUEST).user_id)}

    department = make.department(circle.org)
    reply = client.post(people(circle, department), json=sent, headers=circle.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")
    assert "guest" in reply.json["message"]


def test_nobody_is_added_twice(client: FlaskClient, make: Factory, circle: Circle):
    member = circle.join()
    department = make.department(circle.org, member)

    sent = {"user_id": str(member.user_id)}
    reply = client.post(people(circle, department), json=sent, headers=circle.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")
    assert entries_of(client, reply) == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "user_id"),
        ({"email": None, "user_id": None}, "user_id"),
        ({"email": "a@b.test", "user_id": str(uuid4())}, "user_id"),
        ({"email": "nobody"}, "email"),
        ({"user_id": "x"}, "user_id"),
        ({"user_id": str(uuid4()), "role": "owner"}, "role"),
        ({"user_id": str(uuid4()), "department_id": str(uuid4())}, "department_id"),
    ],
)
def test_exactly_one_person_is_named(
    client: FlaskClient, make: Factory, circle: Circle, sent, field
):
    department = make.department(circle.org)

    reply = client.post(people(circle, department), json=sent, headers=circle.as_owner)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


@pytest.mark.parametrize(
    ("kind", "sees_all"), [("owner", True), ("admin", True), ("member", False)]
)
def test_addresses_are_for_managers_and_for_oneself(
    client: FlaskClient, make: Factory, circle: Circle, kind, sees_all
):
    """Threat 177."""
    headers = circle.headers(kind)
    department = make.department(circle.org, circle.owner, circle.caller)

    listed = client.get(people(circle, department), headers=headers).json["data"]["members"]

    shown = {member["user_id"]: member["user"]["email"] for member in listed}
    assert "@" in shown[str(circle.caller.user_id)]
    assert (shown[str(circle.owner.user_id)] is not None) is sees_all


def test_thirty_cost_as_many_statements_as_one(
    client: FlaskClient, make: Factory, circle: Circle, runtime: Runtime
):
    headers = circle.as_owner
    costs = []
    for size in (1, 1, 30):
        department = make.department(circle.org, *(circle.join() for _ in range(size)))
        with statements_of(runtime) as statements:
            reply = client.get(people(circle, department), headers=headers)
        assert reply.json["data"]["count"] == size
        costs.append(len(statements))

    assert costs[1] == costs[2] <= 9


def test_somebody_is_taken_out(client: FlaskClient, make: Factory, circle: Circle):
    member = circle.join()
    department = make.department(circle.org, member, circle.owner)
    path = f"{people(circle, department)}/{member.user_id}"

    reply = client.delete(path, headers=circle.as_owner)
    again = client.delete(path, headers=circle.as_owner)

    assert (reply.status_code, reply.json["data"], again.status_code) == (200, {}, 404)
    assert ids_in(client, circle, department) == [str(circle.owner.user_id)]
    assert_recorded(
        client,
        reply,
        "department.member_removed",
        actor=circle.owner.user_id,
        target=member.user_id,
        org=circle.org.id,
        resource=department.id,
    )


def remove(client, make, circle, member):
    return client.delete(circle.path(f"/members/{member.user_id}"), headers=circle.as_owner)


def leave(client, make, circle, member):
    return client.post(circle.path("/leave"), headers=make.bearer(member))


def become_a_guest(client, make, circle, member):
    path = circle.path(f"/members/{member.user_id}/role")
    return client.patch(path, json={"role": "guest"}, headers=circle.as_owner)


@pytest.mark.parametrize("end", [remove, leave, become_a_guest])
def test_a_place_ends_with_what_it_rests_on_and_does_not_come_back(
    client: FlaskClient, make: Factory, circle: Circle, end
):
    """Threat 181."""
    user = make.user()
    member = make.member(circle.org, user=user)
    department = make.department(circle.org, member, circle.owner)
    elsewhere = Circle(make)
    other = make.department(elsewhere.org, make.member(elsewhere.org, user=user))

    reply = end(client, make, circle, member)

    assert reply.status_code == 200
    assert ids_in(client, circle, department) == [str(circle.owner.user_id)]
    if end is become_a_guest:
        path = circle.path(f"/members/{user.id}/role")
        again = client.patch(path, json={"role": "member"}, headers=circle.as_owner)
    else:
        sent = {"email": user.email, "role": "member"}
        again = client.post(circle.path("/members"), json=sent, headers=circle.as_owner)
    assert again.status_code in (200, 201)
    assert ids_in(client, circle, department) == [str(circle.owner.user_id)]
    assert ids_in(client, elsewhere, other) == [str(user.id)]
    [entry] = entries_of(client, reply)
    assert entry.details["departments_left"] == [str(department.id)]


def test_a_deleted_account_is_in_no_department(client: FlaskClient, make: Factory, circle: Circle):
    """Threat 124."""
    member = circle.join()
    department = make.department(circle.org, member)

    reply = client.delete("/api/v1/users/me", headers=make.bearer(member))

    assert reply.status_code == 200
    assert ids_in(client, circle, department) == []
    [entry] = entries_of(client, reply)
    assert entry.details["departments_left"] == [str(department.id)]


def test_a_suspended_member_keeps_the_place_for_later(
    client: FlaskClient, make: Factory, circle: Circle
):
    member = circle.join()
    department = make.department(circle.org, member)

    client.post(circle.path(f"/members/{member.user_id}/suspend"), headers=circle.as_owner)

    reply = client.get(people(circle, department), headers=circle.as_owner)
    [listed] = reply.json["data"]["members"]
    assert listed["is_suspended"] is True
