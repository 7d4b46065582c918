"""Who is an operator, and from when until when."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.access import Access, access_of, is_operator, operators_only
from gatehouse.core.context import Actor, Context
from gatehouse.core.roles import Role
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.factories import Factory
from tests.organizations.people import Circle

PEOPLE = "/api/v1/admin/users"
KINDS = ("operator", "owner", "admin", "member", "guest", "suspended", "stranger", "anonymous")
# By kind of caller, what each gets for a plain member of the circle.
ROUTES = [
    ("GET", "", None, (200, 200, 200, 403, 403, 403, 200, 401)),
    ("GET", "/{user}", None, (200, 200, 200, 403, 403, 404, 404, 401)),
    ("POST", "/{user}/suspend", None, (200, 200, 200, 403, 403, 404, 404, 401)),
    ("POST", "/{user}/unsuspend", None, (409, 409, 409, 403, 403, 404, 404, 401)),
    ("POST", "/{user}/delete", {"confirm": True}, (200, 403, 403, 403, 403, 403, 403, 401)),
]


@pytest.mark.parametrize("route", ROUTES, ids=[f"{r[0]} {r[1]}" for r in ROUTES])
def test_everybody_gets_what_they_may(
    client: FlaskClient, make: Factory, circle: Circle, operator: User, route
):
    """Threat 169. A stranger owns another organization; the suspended one is an admin."""
    method, path, body, expected = route
    for kind, status in zip(KINDS, expected, strict=True):
        headers = make.bearer(operator) if kind == "operator" else circle.headers(kind)
        real, made_up = (
            client.open(
                PEOPLE + path.format(user=user_id), method=method, json=body, headers=headers
            )
            for user_id in (circle.join().user_id, uuid4())
        )

        assert real.status_code == status, (kind, real.json)
        if status == 404:
            assert made_up.json["message"] == real.json["message"]
            assert made_up.status_code == 404


def test_the_declaration_is_data():
    def view(ctx):
        """Do nothing."""

    assert operators_only(view) is view
    assert access_of(view) == Access(is_public=False, is_for_operators=True)


@pytest.mark.parametrize(
    ("fields", "is_one"),
    [
        ({"is_operator": True}, True),
        ({}, False),
        ({"is_operator": True, "status": AccountStatus.SUSPENDED}, False),
        ({"is_operator": True, "status": AccountStatus.INACTIVE}, False),
    ],
)
def test_an_operator_is_an_active_account_with_the_right(
    make: Factory, ctx: Context, fields, is_one
):
    user = make.user(**fields)

    ctx.actor = Actor("user", user.id)

    assert is_operator(ctx) is is_one


def test_nobody_and_the_command_line_are_no_operators_of_that_kind(ctx: Context):
    for actor in (Actor(), Actor("operator"), Actor("user", uuid4())):
        ctx.actor = actor
        assert is_operator(ctx) is False


def test_the_right_ends_with_the_next_request_on_every_worker(
    client: FlaskClient, make: Factory, make_app, operator: User, address: str
):
    """Threat 181: it is read anew each time."""
    victim, headers = make.user(), make.bearer(operator)
    other = client_of(make_app(), address)
    path = f"{PEOPLE}/{victim.id}"
    for worker in (client, other):
        assert worker.get(path, headers=headers).status_code == 200

    result = client.application.test_cli_runner().invoke(args=["remove-operator", operator.email])

    assert result.exit_code == 0, result.output
    for worker in (other, client):
        assert worker.get(path, headers=headers).status_code == 404
        assert worker.get(PEOPLE, headers=headers).status_code == 403
        refused = worker.post(f"{path}/delete", json={"confirm": True}, headers=headers)
        assert (refused.status_code, refused.json["error"]["type"]) == (403, "AUTHORIZATION_ERROR")
        [entry] = entries_of(worker, refused)
        assert (entry.action, entry.actor_id) == ("access.refused", operator.id)


@pytest.mark.parametrize("field", ["is_operator", "operator", "role", "is_admin"])
def test_nobody_makes_themselves_one(client: FlaskClient, make: Factory, field):
    """Threat 173."""
    headers = make.bearer(make.user())
    password = "correct horse battery staple 9"
    registration = {
        "email": f"{uuid4().hex}@example.test",
        "password": password,
        "password_confirm": password,
        field: True,
    }

    replies = [
        client.patch("/api/v1/users/me", json={field: True}, headers=headers),
        client.post("/api/v1/auth/register", json=registration),
    ]

    for reply in replies:
        assert reply.status_code == 400
        assert set(reply.json["error"]["details"]) == {field}


def test_whoever_registers_has_no_power(client: FlaskClient):
    """Decision 1: the first one neither."""
    password = "correct horse battery staple 9"
    sent = {"email": f"{uuid4().hex}@example.test", "password": password}
    made = client.post("/api/v1/auth/register", json=sent | {"password_confirm": password})

    headers = {"Authorization": f"Bearer {made.json['data']['token']}"}

    assert client.get(PEOPLE, headers=headers).status_code == 403


def test_deleting_takes_a_fresh_sign_in(client: FlaskClient, make: Factory, operator: User):
    headers = make.bearer(operator, signed_in_ago=timedelta(minutes=11))

    path = f"{PEOPLE}/{make.user().id}/delete"
    reply = client.post(path, json={"confirm": True}, headers=headers)

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "REAUTHENTICATION_REQUIRED")


def test_an_operator_has_no_say_in_an_organization(
    client: FlaskClient, make: Factory, circle: Circle, operator: User
):
    """What is an organization's stays its own: strangers get 404, operators too."""
    headers = make.bearer(operator)

    for path in ("", "/members", "/departments", "/audit-logs"):
        assert client.get(circle.path(path), headers=headers).status_code == 404


def test_an_operator_who_is_an_admin_too_sees_everybody(
    client: FlaskClient, make: Factory, circle: Circle, operator: User
):
    make.member(circle.org, Role.ADMIN, user=operator)
    stranger = make.user()

    reply = client.get(f"{PEOPLE}?q={stranger.email}", headers=make.bearer(operator))

    assert [user["id"] for user in reply.json["data"]["users"]] == [str(stranger.id)]
