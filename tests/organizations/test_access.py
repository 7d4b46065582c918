"""Who may do what: every route of an organization, asked by everybody."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from tests.audit.record import entries_of
from tests.factories import Factory
from tests.organizations.people import ERRORS, KINDS, MANAGERS, OWNERS, READERS, Circle

# Method, path below the organization, body, what everybody gets. {user} is a plain member.
ROUTES = [
    ("GET", "", None, READERS),
    ("PATCH", "", {"name": "New"}, MANAGERS),
    ("DELETE", "", None, OWNERS | {"owner": 409}),
    ("GET", "/members", None, READERS),
    (
        "POST",
        "/members",
        {"email": "{email}", "role": "member"},
        MANAGERS | {"owner": 201, "admin": 201},
    ),
    ("DELETE", "/members/{user}", None, MANAGERS),
    ("PATCH", "/members/{user}/role", {"role": "guest"}, MANAGERS),
    ("POST", "/members/{user}/suspend", None, MANAGERS),
    ("POST", "/members/{user}/unsuspend", None, MANAGERS | {"owner": 409, "admin": 409}),
    ("POST", "/leave", None, READERS),
    ("POST", "/transfer-ownership", {"new_owner_user_id": "{user}"}, OWNERS),
    ("GET", "/audit-logs", None, MANAGERS),
]


def names(routes):
    return [f"{route[0]} {route[1] or '/'}" for route in routes]


@pytest.mark.parametrize("route", ROUTES, ids=names(ROUTES))
def test_everybody_gets_what_their_role_allows(
    client: FlaskClient, make: Factory, circle: Circle, route
):
    """Threat 169."""
    method, path, body, expected = route
    words = {"user": str(circle.join().user_id), "email": make.user().email}
    for kind in KINDS:
        sent = {key: value.format(**words) for key, value in body.items()} if body else None
        target = circle.path(path.format(**words))
        reply = client.open(target, method=method, json=sent, headers=circle.headers(kind))

        assert reply.status_code == expected[kind], (kind, reply.json)
        if reply.status_code in (401, 403, 404):
            assert reply.json["error"]["type"] == ERRORS[kind]
            assert "data" not in reply.json
        if reply.status_code < 300 and method != "GET":
            circle = Circle(make)
            words = {"user": str(circle.join().user_id), "email": make.user().email}


@pytest.mark.parametrize("route", ROUTES, ids=names(ROUTES))
def test_an_organization_that_never_was_looks_like_a_foreign_one(
    client: FlaskClient, make: Factory, circle: Circle, route
):
    """Threat 169: before anything in the body is looked at."""
    method, path, body, _ = route
    headers = make.bearer(make.user())
    rest = path.format(user=circle.owner.user_id)
    sent = {"x": 1} if body else None

    replies = [
        client.open(
            f"/api/v1/organizations/{org_id}{rest}", method=method, json=sent, headers=headers
        )
        for org_id in (circle.org.id, uuid4())
    ]

    foreign, unknown = replies
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json["error"] == unknown.json["error"]
    assert foreign.json["message"] == unknown.json["message"]


BELOW = [
    ("DELETE", "/members/{user}", None),
    ("PATCH", "/members/{user}/role", {"role": "guest"}),
    ("POST", "/members/{user}/suspend", None),
    ("POST", "/members/{user}/unsuspend", None),
    ("POST", "/transfer-ownership", {"new_owner_user_id": "{user}"}),
]


@pytest.mark.parametrize("route", BELOW, ids=names(BELOW))
@pytest.mark.parametrize("whose", ["another organization", "nobody", "removed"])
def test_who_is_not_a_member_here_is_not_found(
    client: FlaskClient, make: Factory, circle: Circle, route, whose
):
    """Threat 170: an owner of two organizations mixes their ids."""
    method, path, body = route
    elsewhere = make.organization()
    target = make.member(elsewhere)
    if whose == "removed":
        target = circle.join()
        client.delete(circle.path(f"/members/{target.user_id}"), headers=circle.as_owner)
    user_id = str(uuid4() if whose == "nobody" else target.user_id)
    sent = {key: value.format(user=user_id) for key, value in body.items()} if body else None

    reply = client.open(
        circle.path(path.format(user=user_id)), method=method, json=sent, headers=circle.as_owner
    )

    assert (reply.status_code, reply.json["error"]["type"]) == (404, "NOT_FOUND")


def test_a_member_found_by_the_wrong_path_keeps_the_place(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 170: nothing moved there either."""
    elsewhere = make.organization()
    boss, target = make.member(elsewhere, Role.OWNER), make.member(elsewhere, Role.ADMIN)

    client.delete(circle.path(f"/members/{target.user_id}"), headers=circle.as_owner)

    path = f"/api/v1/organizations/{elsewhere.id}/members"
    listed = client.get(path, headers=make.bearer(boss)).json["data"]["members"]
    assert [(entry["user_id"], entry["role"]) for entry in listed][1] == (
        str(target.user_id),
        "admin",
    )


@pytest.mark.parametrize("kind", ["member", "guest"])
def test_a_refusal_of_permission_is_on_record(client: FlaskClient, circle: Circle, kind):
    """Behaviour, Audit: refusals of permission are kept too."""
    reply = client.patch(circle.path(), json={"name": "New"}, headers=circle.headers(kind))

    entries = entries_of(client, reply)
    assert [(entry.org_id, entry.success) for entry in entries] == [(circle.org.id, False)]
    assert entries[0].actor_id == circle.caller.user_id


@pytest.mark.parametrize(
    "bad", ["1", "%00", "01890a5dac96774bbcceb302099a8057", "{" + "0" * 36 + "}"]
)
def test_an_id_that_is_none_is_named(client: FlaskClient, circle: Circle, bad):
    org = client.get(f"/api/v1/organizations/{bad}", headers=circle.as_owner)
    user = client.delete(circle.path(f"/members/{bad}"), headers=circle.as_owner)

    assert (org.status_code, user.status_code) == (400, 400)
    assert set(org.json["error"]["details"]) == {"org_id"}
    assert set(user.json["error"]["details"]) == {"user_id"}
