"""Members: listing, adding, changing and removing them."""

from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.audit.record import assert_recorded, entries_of
from tests.conftest import client_of
from tests.factories import Factory
from tests.organizations.people import Circle

OWNER, ADMIN, MEMBER, GUEST = Role
FIELDS = {
    "id",
    "user_id",
    "organization_id",
    "role",
    "is_suspended",
    "joined_at",
    "invited_by_id",
    "invited_at",
    "created_at",
    "updated_at",
    "user",
}
PLACES = ("/api/v1/auth/me", "/api/v1/users/me/organizations")


def roles_seen(client: FlaskClient, headers: dict[str, str], circle: Circle) -> list[str | None]:
    """The role in the organization, as both lists of one's own organizations tell it."""
    seen = []
    for path in PLACES:
        listed = client.get(path, headers=headers).json["data"]["organizations"]
        mine = [place["role"] for place in listed if place["id"] == str(circle.org.id)]
        seen.append(mine[0] if mine else None)
    return seen


def test_members_are_listed_in_the_order_in_which_they_came(client: FlaskClient, circle: Circle):
    guest = circle.join(GUEST)

    reply = client.get(circle.path("/members"), headers=circle.as_owner)

    listed = reply.json["data"]["members"]
    came = [circle.owner, circle.other_owner, guest]
    assert [entry["user_id"] for entry in listed] == [str(member.user_id) for member in came]
    assert [set(entry) for entry in listed] == [FIELDS] * 3
    assert set(listed[0]["user"]) == {"id", "email", "full_name", "avatar_url"}
    assert listed[2]["role"] == "guest"
    assert listed[2]["organization_id"] == str(circle.org.id)
    assert (listed[2]["invited_by_id"], listed[2]["is_suspended"]) == (None, False)
    assert reply.json["data"]["count"] == 3
    assert reply.json["meta"]["pagination"]["total"] == 3


@pytest.mark.parametrize(
    ("kind", "sees_all"), [("owner", True), ("admin", True), ("member", False), ("guest", False)]
)
def test_addresses_are_for_managers_and_for_oneself(
    client: FlaskClient, circle: Circle, kind, sees_all
):
    """Threat 177."""
    headers = circle.headers(kind)

    listed = client.get(circle.path("/members"), headers=headers).json["data"]["members"]

    shown = {entry["user_id"]: entry["user"]["email"] for entry in listed}
    mine = shown.pop(str(circle.caller.user_id))
    assert "@" in mine
    assert all((email is not None) is sees_all for email in shown.values())


def test_the_list_comes_in_pages(client: FlaskClient, circle: Circle):
    last = circle.join()

    path = circle.path("/members?page=2&per_page=2")
    reply = client.get(path, headers=circle.as_owner)

    assert [e["user_id"] for e in reply.json["data"]["members"]] == [str(last.user_id)]
    assert reply.json["data"]["count"] == 3
    assert reply.json["meta"]["pagination"] == {"page": 2, "per_page": 2, "total": 3, "pages": 2}


def test_thirty_members_cost_as_many_statements_as_three(
    client: FlaskClient, circle: Circle, runtime: Runtime
):
    headers = circle.as_owner
    client.get("/api/v1/auth/me", headers=headers)
    statements: list[str] = []

    def count(*args: object) -> None:
        if "cache_epochs" not in str(args[2]) and "lease_endings" not in str(
            args[2]
        ):  # Read once a second, whoever asks for what.
            statements.append(str(args[2]))

    def cost() -> int:
        statements.clear()
        reply = client.get(circle.path("/members?per_page=200"), headers=headers)
        assert reply.status_code == 200
        return len(statements)

    event.listen(runtime.engine, "before_cursor_execute", count)
    try:
        few = cost()
        for _ in range(27):
            circle.join()
        many = cost()
    finally:
        event.remove(runtime.engine, "before_cursor_execute", count)

    assert few == many
    assert many <= 8


@pytest.mark.parametrize("role", Role)
def test_an_owner_adds_in_any_role(client: FlaskClient, make: Factory, circle: Circle, role):
    user = make.user(full_name="Bob")

    reply = client.post(
        circle.path("/members"),
        json={"email": user.email.upper(), "role": role},
        headers=circle.as_owner,
    )

    assert reply.status_code == 201
    member = reply.json["data"]["member"]
    assert set(member) == FIELDS
    assert (member["user_id"], member["role"]) == (str(user.id), role)
    assert member["invited_by_id"] == str(circle.owner.user_id)
    assert member["invited_at"] == member["joined_at"]
    assert member["user"]["email"] == user.email
    assert roles_seen(client, make.bearer(user), circle) == [role, role]
    entry = assert_recorded(
        client,
        reply,
        "member.added",
        actor=circle.owner.user_id,
        target=user.id,
        org=circle.org.id,
        resource=member["id"],
    )
    assert entry.details == {"member_id": member["id"], "role": role}


@pytest.mark.parametrize(
    ("role", "status"), [(OWNER, 403), (ADMIN, 201), (MEMBER, 201), (GUEST, 201)]
)
def test_an_admin_adds_up_to_admins(
    client: FlaskClient, make: Factory, circle: Circle, role, status
):
    """Threat 174."""
    sent = {"email": make.user().email, "role": role}

    reply = client.post(circle.path("/members"), json=sent, headers=circle.headers("admin"))

    assert reply.status_code == status


def test_who_has_no_account_is_not_found(client: FlaskClient, circle: Circle):
    sent = {"email": f"{uuid4().hex}@example.test", "role": "member"}

    reply = client.post(circle.path("/members"), json=sent, headers=circle.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (404, "NOT_FOUND")
    assert entries_of(client, reply) == []


def test_who_never_proved_the_address_is_as_unknown_as_nobody(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 174: whoever registered an address first need not be whose it is."""
    squatter = make.user(email_verified=False)
    unknown = f"{uuid4().hex}@example.test"

    squatted, nobody = (
        client.post(
            circle.path("/members"),
            json={"email": email, "role": "admin"},
            headers=circle.as_owner,
        )
        for email in (squatter.email, unknown)
    )

    assert squatted.status_code == 404
    same = ("error", "message", "code")
    assert [squatted.json[key] for key in same] == [nobody.json[key] for key in same]
    assert "nvite them" in squatted.json["message"]
    assert roles_seen(client, make.bearer(squatter), circle) == [None, None]


@pytest.mark.parametrize("is_suspended", [False, True])
def test_who_is_a_member_already_is_a_conflict(
    client: FlaskClient, make: Factory, circle: Circle, is_suspended
):
    user = make.user()
    member = make.member(circle.org, GUEST, user=user)
    if is_suspended:
        make.change(member, suspended_at=member.created_at)

    sent = {"email": user.email, "role": "admin"}
    reply = client.post(circle.path("/members"), json=sent, headers=circle.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")
    listed = client.get(circle.path("/members"), headers=circle.as_owner).json["data"]["members"]
    assert [entry["role"] for entry in listed if entry["user_id"] == str(user.id)] == ["guest"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"role": "member"}, "email"),
        ({"email": "nobody", "role": "member"}, "email"),
        ({"email": "a@b.test"}, "role"),
        ({"email": "a@b.test", "role": "boss"}, "role"),
        ({"email": "a@b.test", "role": "OWNER"}, "role"),
        ({"email": "a@b.test", "role": None}, "role"),
        ({"email": "a@b.test", "role": ["owner"]}, "role"),
        ({"email": "a@b.test", "role": "guest", "user_id": "x"}, "user_id"),
        ({"email": "a@b.test", "role": "guest", "org_id": "x"}, "org_id"),
        ({"email": "a@b.test", "role": "guest", "suspended_at": None}, "suspended_at"),
    ],
)
def test_a_bad_or_smuggled_field_is_named(client: FlaskClient, circle: Circle, sent, field):
    """Threats 172 and 173."""
    reply = client.post(circle.path("/members"), json=sent, headers=circle.as_owner)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}


@pytest.mark.parametrize("sent", [{}, {"role": "x"}, {"role": None}, {"role": 3}])
def test_a_bad_role_is_named(client: FlaskClient, circle: Circle, sent):
    path = circle.path(f"/members/{circle.join().user_id}/role")

    reply = client.patch(path, json=sent, headers=circle.as_owner)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"role"}


RANK = {OWNER: 3, ADMIN: 2, MEMBER: 1, GUEST: 0}
EVERY_CHANGE = [(a, t, n) for a in Role for t in Role for n in Role]


@pytest.mark.parametrize(("actor", "target", "new"), EVERY_CHANGE)
def test_who_may_give_whom_which_role(client: FlaskClient, circle: Circle, actor, target, new):
    """Threat 174: every actor, every target, every new role."""
    member = circle.join(target)
    headers = circle.headers(actor)
    may = RANK[actor] >= 2 and RANK[actor] >= RANK[target] and RANK[actor] >= RANK[new]

    path = circle.path(f"/members/{member.user_id}/role")
    reply = client.patch(path, json={"role": new}, headers=headers)

    assert reply.status_code == (200 if may else 403)
    if not may:
        assert reply.json["error"]["type"] == "AUTHORIZATION_ERROR"
    else:
        assert reply.json["data"]["member"]["role"] == new
        assert len(entries_of(client, reply)) == (0 if new is target else 1)


@pytest.mark.parametrize(("actor", "target"), [(a, t) for a in Role for t in Role])
@pytest.mark.parametrize("verb", ["remove", "suspend"])
def test_who_may_remove_and_suspend_whom(client: FlaskClient, circle: Circle, verb, actor, target):
    """Threat 174: an admin never touches an owner."""
    path = circle.path(f"/members/{circle.join(target).user_id}")
    headers = circle.headers(actor)
    may = RANK[actor] >= 2 and RANK[actor] >= RANK[target]

    if verb == "remove":
        reply = client.delete(path, headers=headers)
    else:
        reply = client.post(f"{path}/suspend", headers=headers)

    assert reply.status_code == (200 if may else 403)


def test_a_change_of_role_is_recorded_and_counts_at_once_everywhere(
    client: FlaskClient, make: Factory, make_app, circle: Circle, address: str
):
    """Threat 181: on the very next request, on every worker."""
    member = circle.join(ADMIN)
    headers, other = make.bearer(member), client_of(make_app(), address)
    for worker in (client, other):
        assert roles_seen(worker, headers, circle) == ["admin", "admin"]

    path = circle.path(f"/members/{member.user_id}/role")
    reply = client.patch(path, json={"role": "guest"}, headers=circle.as_owner)

    for worker in (other, client):
        assert roles_seen(worker, headers, circle) == ["guest", "guest"]
        assert worker.patch(circle.path(), json={"name": "X"}, headers=headers).status_code == 403
    entry = assert_recorded(
        client,
        reply,
        "member.role_changed",
        actor=circle.owner.user_id,
        target=member.user_id,
        org=circle.org.id,
        resource=member.id,
    )
    assert entry.details == {
        "member_id": str(member.id),
        "old_role": "admin",
        "new_role": "guest",
    }


def test_a_removed_member_sees_nothing_from_the_next_request_on(
    client: FlaskClient, make: Factory, make_app, circle: Circle, address: str
):
    """Threat 181."""
    member = circle.join(ADMIN)
    headers, other = make.bearer(member), client_of(make_app(), address)
    assert roles_seen(other, headers, circle) == ["admin", "admin"]

    reply = client.delete(circle.path(f"/members/{member.user_id}"), headers=circle.as_owner)

    assert (reply.status_code, reply.json["data"]) == (200, {})
    for worker in (other, client):
        assert roles_seen(worker, headers, circle) == [None, None]
        for rest in ("", "/members", "/audit-logs"):
            assert worker.get(circle.path(rest), headers=headers).status_code == 404
    assert_recorded(
        client,
        reply,
        "member.removed",
        actor=circle.owner.user_id,
        target=member.user_id,
        org=circle.org.id,
        resource=member.id,
    )


def test_an_address_that_nobody_proved_is_like_one_that_nobody_has(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 107: whoever registered it may be a stranger, and would be let in."""
    person = make.user(email_verified=False)

    unproven, unknown = (
        client.post(
            circle.path("/members"),
            json={"email": email, "role": "member"},
            headers=circle.as_owner,
        )
        for email in (person.email, "nobody-at-all@example.test")
    )

    assert (unproven.status_code, unknown.status_code) == (404, 404)
    assert unproven.json["message"] == unknown.json["message"]
    assert "Invite them" in unproven.json["message"]


def test_who_is_added_again_starts_anew(client: FlaskClient, make: Factory, circle: Circle):
    """Threat 181: neither the role nor the suspension comes back."""
    user = make.user()
    member = make.member(circle.org, ADMIN, user=user)
    headers = circle.as_owner
    client.post(circle.path(f"/members/{user.id}/suspend"), headers=headers)
    client.delete(circle.path(f"/members/{user.id}"), headers=headers)

    sent = {"email": user.email, "role": "guest"}
    again = client.post(circle.path("/members"), json=sent, headers=headers).json["data"]["member"]

    assert UUID(again["id"]) != member.id
    assert (again["role"], again["is_suspended"]) == ("guest", False)
    assert client.get(circle.path(), headers=make.bearer(user)).status_code == 200


def test_a_new_name_of_the_organization_shows_to_every_member_at_once(
    client: FlaskClient, make: Factory, make_app, circle: Circle, address: str
):
    headers, other = make.bearer(circle.join(GUEST)), client_of(make_app(), address)
    other.get(PLACES[0], headers=headers)

    client.patch(circle.path(), json={"name": "Renamed"}, headers=circle.as_owner)

    for path in PLACES:
        [place] = other.get(path, headers=headers).json["data"]["organizations"]
        assert place["name"] == "Renamed"
