"""Who may do what with departments and principals: every route, asked by everybody."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from tests.factories import Factory
from tests.organizations.people import ERRORS, KINDS, MANAGERS, READERS, Circle

READ = READERS | {"guest": 403}
MAKE = MANAGERS | {"owner": 201, "admin": 201}
NEW = {"name": "new"}
WHOM = {"user_id": "{other}"}
D, P = "/departments", "/principals"

# Method, path, body, what everybody gets. {user} is in both, {other} in neither.
ROUTES = [
    ("GET", D, None, READ),
    ("POST", D, NEW, MAKE),
    ("GET", f"{D}/{{department}}", None, READ),
    ("PATCH", f"{D}/{{department}}", NEW, MANAGERS),
    ("DELETE", f"{D}/{{department}}", None, MANAGERS),
    ("GET", f"{D}/{{department}}/members", None, READ),
    ("POST", f"{D}/{{department}}/members", WHOM, MAKE),
    ("DELETE", f"{D}/{{department}}/members/{{user}}", None, MANAGERS),
    ("GET", f"{D}/{{department}}/principals", None, READ),
    ("GET", P, None, READ),
    ("POST", P, NEW, MAKE),
    ("POST", P, {"name": "root"}, MAKE | {"admin": 403}),
    ("GET", f"{P}/{{principal}}", None, READ),
    ("PATCH", f"{P}/{{principal}}", NEW, MANAGERS),
    ("PATCH", f"{P}/{{principal}}", {"name": "root"}, MANAGERS | {"admin": 403}),
    ("DELETE", f"{P}/{{principal}}", None, MANAGERS),
    ("GET", f"{P}/{{principal}}/members", None, READ),
    ("POST", f"{P}/{{principal}}/members", WHOM, MAKE),
    ("DELETE", f"{P}/{{principal}}/members/{{user}}", None, MANAGERS),
    ("GET", f"{P}/{{principal}}/departments", None, READ),
    ("POST", f"{P}/{{principal}}/departments/{{closed}}", None, MAKE),
    ("DELETE", f"{P}/{{principal}}/departments/{{department}}", None, MANAGERS),
    ("GET", "/roles", None, READERS),
]
IDS = [f"{method} {path} {body or ''}" for method, path, body, _ in ROUTES]


def things_of(make: Factory, circle: Circle) -> dict[str, str]:
    with make.together():
        member = circle.join()
        department = make.department(circle.org, member)
        return {
            "user": str(member.user_id),
            "other": str(circle.join().user_id),
            "department": str(department.id),
            "closed": str(make.department(circle.org).id),
            "principal": str(make.principal(circle.org, member, department).id),
        }


def send(client: FlaskClient, circle: Circle, route, words, headers):
    method, path, body, *_ = route
    sent = {key: value.format(**words) for key, value in body.items()} if body else None
    return client.open(circle.path(path.format(**words)), method=method, json=sent, headers=headers)


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_everybody_gets_what_their_role_allows(
    client: FlaskClient, make: Factory, circle: Circle, route
):
    """Threats 169 and 188, ruling 19."""
    words = things_of(make, circle)
    for kind in KINDS:
        reply = send(client, circle, route, words, circle.headers(kind))

        assert reply.status_code == route[3][kind], (kind, reply.json)
        if reply.status_code in (401, 403, 404):
            assert reply.json["error"]["type"] == ERRORS[kind]
            assert "data" not in reply.json
        if reply.status_code < 300 and route[0] != "GET":
            circle = Circle(make)
            words = things_of(make, circle)


CHILDREN = [route for route in ROUTES if "{" in route[1]]


@pytest.mark.parametrize("route", CHILDREN, ids=[f"{r[0]} {r[1]}" for r in CHILDREN])
@pytest.mark.parametrize("whose", ["another organization", "nobody"])
def test_what_is_not_of_this_organization_is_not_found(
    client: FlaskClient, make: Factory, circle: Circle, route, whose
):
    """Threat 170: an owner of two organizations mixes their ids, one at a time."""
    mine, elsewhere = things_of(make, circle), Circle(make)
    make.member(elsewhere.org, Role.OWNER, user=make.user())
    theirs = things_of(make, elsewhere)
    for word in mine:
        if f"{{{word}}}" not in route[1]:
            continue
        foreign = str(uuid4()) if whose == "nobody" else theirs[word]

        reply = send(client, circle, route, {**mine, word: foreign}, circle.as_owner)

        assert (reply.status_code, reply.json["error"]["type"]) == (404, "NOT_FOUND"), word


def test_a_foreign_person_in_a_body_moves_nothing(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 172."""
    mine, stranger = things_of(make, circle), make.member(make.organization())
    sent = {"user_id": str(stranger.user_id)}

    for path in (f"{D}/{mine['department']}/members", f"{P}/{mine['principal']}/members"):
        reply = client.post(circle.path(path), json=sent, headers=circle.as_owner)
        assert reply.status_code == 404
