"""Who holds a principal: members and departments, given and taken away."""

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.audit.record import assert_recorded, entries_of
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.statements import statements_of

FIELDS = {"id", "user_id", "principal_id", "direct", "role", "is_suspended", "user"}


def holders(client: FlaskClient, circle: Circle, principal) -> dict[str, bool]:
    path = circle.path(f"/principals/{principal.id}/members?per_page=200")
    listed = client.get(path, headers=circle.as_owner).json["data"]["members"]
    assert all((member["id"] is not None) is member["direct"] for member in listed)
    return {member["user_id"]: member["direct"] for member in listed}


@pytest.mark.parametrize("by", ["email", "user_id"])
def test_a_member_is_given_a_principal(client: FlaskClient, make: Factory, circle: Circle, by):
    user, principal = make.user(), make.principal(circle.org)
    make.member(circle.org, user=user)
    sent = {"email": user.email} if by == "email" else {"user_id": str(user.id)}
    path = circle.path(f"/principals/{principal.id}/members")

    reply = client.post(path, json=sent, headers=circle.as_owner)
    again = client.post(path, json=sent, headers=circle.as_owner)

    assert (reply.status_code, again.status_code) == (201, 409)
    member = reply.json["data"]["member"]
    assert set(member) == FIELDS
    assert (member["user_id"], member["direct"]) == (str(user.id), True)
    assert holders(client, circle, principal) == {str(user.id): True}
    assert_recorded(
        client,
        reply,
        "principal.member_added",
        actor=circle.owner.user_id,
        target=user.id,
        org=circle.org.id,
        resource=principal.id,
    )


def test_a_guest_is_given_none(client: FlaskClient, make: Factory, circle: Circle):
    """Ruling 19."""
    path = circle.path(f"/principals/{make.principal(circle.org).id}/members")

    sent = {"user_id": str(circle.join(Role.GUEST).user_id)}
    reply = client.post(path, json=sent, headers=circle.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")


@pytest.mark.parametrize(("kind", "status"), [("owner", 201), ("admin", 403)])
@pytest.mark.parametrize("through", ["members", "departments"])
def test_only_an_owner_gives_root(
    client: FlaskClient, make: Factory, circle: Circle, kind, status, through
):
    """Threat 174: what an admin may not make, an admin may not put anybody on."""
    headers = circle.headers(kind)
    root = make.principal(circle.org, name="root")
    path, sent = circle.path(f"/principals/{root.id}/{through}"), None
    if through == "members":
        sent = {"user_id": str(circle.caller.user_id)}
    else:
        path += f"/{make.department(circle.org, circle.caller).id}"

    reply = client.post(path, json=sent, headers=headers)

    assert reply.status_code == status
    assert bool(holders(client, circle, root)) is (status == 201)


def test_an_admin_puts_nobody_in_a_department_that_root_is_open_to(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 174: nor by the back door; and takes root from whom they like."""
    headers, holder = circle.headers("admin"), circle.join()
    department = make.department(circle.org)
    root = make.principal(circle.org, holder, department, name="root")
    path = circle.path(f"/departments/{department.id}/members")
    sent = {"user_id": str(circle.caller.user_id)}

    assert client.post(path, json=sent, headers=headers).status_code == 403
    assert client.post(path, json=sent, headers=circle.as_owner).status_code == 201
    path = circle.path(f"/principals/{root.id}/members/{holder.user_id}")
    assert client.delete(path, headers=headers).status_code == 200


@pytest.mark.parametrize("through", ["directly", "a department", "nothing"])
@pytest.mark.parametrize("kind", ["owner", "admin"])
def test_only_an_owner_gives_a_membership_back_that_holds_root(
    client: FlaskClient, make: Factory, circle: Circle, kind, through
):
    """Threat 174."""
    holder = make.member(circle.org, Role.MEMBER, suspended_at=circle.org.created_at)
    department = make.department(circle.org, holder)
    holds = {"directly": (holder,), "a department": (department,), "nothing": ()}[through]
    make.principal(circle.org, *holds, name="root")
    path = circle.path(f"/members/{holder.user_id}/unsuspend")

    reply = client.post(path, headers=circle.headers(kind))

    assert reply.status_code == (403 if kind == "admin" and through != "nothing" else 200)


def test_each_person_is_listed_once_however_they_hold_it(
    client: FlaskClient, make: Factory, circle: Circle
):
    both, direct, through = (circle.join() for _ in range(3))
    departments = [make.department(circle.org, both, through) for _ in range(2)]
    principal = make.principal(circle.org, both, direct, *departments)

    assert holders(client, circle, principal) == {
        str(both.user_id): True,
        str(direct.user_id): True,
        str(through.user_id): False,
    }


def test_many_cost_as_many_statements_as_few(
    client: FlaskClient, make: Factory, circle: Circle, runtime: Runtime
):
    headers, costs = circle.as_owner, []
    for size in (1, 1, 20):
        department = make.department(circle.org, *(circle.join() for _ in range(size)))
        principal = make.principal(circle.org, *(circle.join() for _ in range(size)), department)
        path = circle.path(f"/principals/{principal.id}/members")
        with statements_of(runtime) as statements:
            assert client.get(path, headers=headers).json["data"]["count"] == 2 * size
        costs.append(len(statements))

    assert costs[1] == costs[2] <= 9


@pytest.mark.parametrize(("kind", "sees_all"), [("admin", True), ("member", False)])
def test_addresses_are_for_managers_and_for_oneself(
    client: FlaskClient, make: Factory, circle: Circle, kind, sees_all
):
    """Threat 177."""
    headers = circle.headers(kind)
    principal = make.principal(circle.org, circle.owner, circle.caller)

    path = circle.path(f"/principals/{principal.id}/members")
    listed = client.get(path, headers=headers).json["data"]["members"]

    shown = {member["user_id"]: member["user"]["email"] for member in listed}
    assert "@" in shown[str(circle.caller.user_id)]
    assert (shown[str(circle.owner.user_id)] is not None) is sees_all


def test_what_is_taken_from_a_member_stays_open_through_a_department(
    client: FlaskClient, make: Factory, circle: Circle
):
    member = circle.join()
    principal = make.principal(circle.org, member, make.department(circle.org, member))
    path = circle.path(f"/principals/{principal.id}/members/{member.user_id}")

    reply = client.delete(path, headers=circle.as_owner)
    again = client.delete(path, headers=circle.as_owner)

    assert (reply.status_code, again.status_code) == (200, 404)
    assert holders(client, circle, principal) == {str(member.user_id): False}
    assert_recorded(
        client,
        reply,
        "principal.member_removed",
        actor=circle.owner.user_id,
        target=member.user_id,
        org=circle.org.id,
        resource=principal.id,
    )


def test_a_principal_is_opened_and_closed_to_a_department(
    client: FlaskClient, make: Factory, circle: Circle
):
    department = make.department(circle.org, circle.join())
    principal, headers = make.principal(circle.org), circle.as_owner
    base = circle.path(f"/principals/{principal.id}/departments")
    path = f"{base}/{department.id}"

    opened, twice = (client.post(path, headers=headers) for _ in range(2))
    listed = client.get(base, headers=headers).json["data"]
    closed, again = (client.delete(path, headers=headers) for _ in range(2))

    statuses = [r.status_code for r in (opened, twice, closed, again)]
    assert statuses == [201, 409, 200, 404]
    data = opened.json["data"]
    assert set(data) == {"principal", "department"}
    assert (data["principal"]["department_count"], data["department"]["principal_count"]) == (1, 1)
    assert listed["departments"] == [data["department"]]
    assert client.get(base, headers=headers).json["data"]["count"] == 0
    for reply, action in (
        (opened, "principal.department_added"),
        (closed, "principal.department_removed"),
    ):
        entry = assert_recorded(
            client,
            reply,
            action,
            actor=circle.owner.user_id,
            org=circle.org.id,
            resource=principal.id,
        )
        assert entry.details["department_id"] == str(department.id)


def test_a_deleted_department_opens_nothing(client: FlaskClient, make: Factory, circle: Circle):
    department = make.department(circle.org, circle.join())
    principal = make.principal(circle.org, department)

    client.delete(circle.path(f"/departments/{department.id}"), headers=circle.as_owner)

    assert holders(client, circle, principal) == {}


def remove(client, make, circle, member):
    return client.delete(circle.path(f"/members/{member.user_id}"), headers=circle.as_owner)


def leave(client, make, circle, member):
    return client.post(circle.path("/leave"), headers=make.bearer(member))


def become_a_guest(client, make, circle, member):
    path = circle.path(f"/members/{member.user_id}/role")
    return client.patch(path, json={"role": "guest"}, headers=circle.as_owner)


def delete_the_account(client, make, circle, member):
    return client.delete("/api/v1/users/me", headers=make.bearer(member))


@pytest.mark.parametrize("end", [remove, leave, become_a_guest, delete_the_account])
def test_a_principal_ends_with_the_membership(
    client: FlaskClient, make: Factory, circle: Circle, end
):
    """Threats 124 and 181."""
    member = circle.join()
    principal = make.principal(circle.org, member, circle.owner)

    reply = end(client, make, circle, member)

    assert reply.status_code == 200
    assert holders(client, circle, principal) == {str(circle.owner.user_id): True}
    [entry] = entries_of(client, reply)
    assert entry.details["principals_left"] == [str(principal.id)]
