"""Suspending: operators end an account, admins the memberships in their reach."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded, entries_of
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory
from tests.organizations.people import Circle

PEOPLE = "/api/v1/admin/users"
LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"


def verb(client: FlaskClient, headers: dict[str, str], user_id: object, what: str = "suspend"):
    return client.post(f"{PEOPLE}/{user_id}/{what}", headers=headers)


def test_a_suspended_account_is_out_at_once_and_everywhere(
    client: FlaskClient, make: Factory, make_app, operator: User, address: str
):
    """Threat 87, ruling 18."""
    user = make.user()
    headers, other = make.bearer(user), client_of(make_app(), address)
    for worker in (client, other):
        assert worker.get(ME, headers=headers).status_code == 200

    reply = verb(client, make.bearer(operator), user.id)

    assert reply.json["data"]["user"]["status"] == "suspended"
    for worker in (other, client):
        refused = worker.get(ME, headers=headers)
        assert (refused.status_code, refused.json["error"]["type"]) == (401, "INVALID_TOKEN")
    entry = assert_recorded(
        client,
        reply,
        "account.suspended",
        actor=operator.id,
        target=user.id,
        resource=user.id,
        kind="operator",
    )
    assert entry.details == {"sessions_ended": 1}


def test_it_is_told_at_sign_in_after_a_right_password_only(
    client: FlaskClient, make: Factory, operator: User
):
    """Threat 112, ruling 18."""
    user = make.user()
    verb(client, make.bearer(operator), user.id)

    right = client.post(LOGIN, json={"email": user.email, "password": PASSWORD})
    wrong = client.post(LOGIN, json={"email": user.email, "password": "wrong"})

    assert (right.status_code, right.json["error"]["type"]) == (403, "ACCOUNT_SUSPENDED")
    assert (wrong.status_code, wrong.json["error"]["type"]) == (401, "AUTHENTICATION_ERROR")


def test_an_account_that_is_given_back_brings_no_session_along(
    client: FlaskClient, make: Factory, operator: User
):
    """Threat 87."""
    user, boss = make.user(), make.bearer(operator)
    headers = make.bearer(user)
    verb(client, boss, user.id)

    reply = verb(client, boss, user.id, "unsuspend")

    assert reply.json["data"]["user"]["status"] == "active"
    assert client.get(ME, headers=headers).status_code == 401
    again = client.post(LOGIN, json={"email": user.email, "password": PASSWORD})
    assert again.status_code == 200
    assert_recorded(
        client,
        reply,
        "account.unsuspended",
        actor=operator.id,
        target=user.id,
        resource=user.id,
        kind="operator",
    )


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (AccountStatus.SUSPENDED, "suspend"),
        (AccountStatus.ACTIVE, "unsuspend"),
        (AccountStatus.INACTIVE, "suspend"),
        (AccountStatus.INACTIVE, "unsuspend"),
    ],
)
def test_what_an_account_is_not_in_a_state_for_is_a_conflict(
    client: FlaskClient, make: Factory, operator: User, status, what
):
    """Nobody's unclaimed account becomes an active one along the way."""
    user = make.user(status=status)

    reply = verb(client, make.bearer(operator), user.id, what)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")
    assert entries_of(client, reply) == []


@pytest.mark.parametrize("what", ["suspend", "unsuspend"])
def test_nobody_does_it_to_themselves(
    client: FlaskClient, circle: Circle, make: Factory, operator: User, what
):
    for headers, user_id in (
        (make.bearer(operator), operator.id),
        (circle.as_owner, circle.owner.user_id),
    ):
        reply = verb(client, headers, user_id, what)
        assert (reply.status_code, reply.json["error"]["type"]) == (400, "BAD_REQUEST")


RANKS = [(actor, target) for actor in (Role.OWNER, Role.ADMIN) for target in Role]


@pytest.mark.parametrize(("actor", "target"), RANKS)
def test_an_admin_reaches_those_below(client: FlaskClient, circle: Circle, actor, target):
    """Threat 174."""
    member = circle.join(target)
    outranked = actor.rank > target.rank

    reply = verb(client, circle.headers(actor), member.user_id)

    assert reply.status_code == (200 if outranked else 403)
    if not outranked:
        assert reply.json["error"]["type"] == "OWNER_PROTECTION"


def test_an_admin_suspends_the_membership_and_not_the_account(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Decision 1: what an organization's admin does stays in it."""
    member = circle.join()
    headers = make.bearer(member)

    reply = verb(client, circle.headers("admin"), member.user_id)

    assert reply.json["data"]["user"]["status"] == "suspended"
    assert client.get(ME, headers=headers).status_code == 200
    barred = client.get(circle.path(), headers=headers)
    assert barred.json["error"]["type"] == "MEMBERSHIP_SUSPENDED"
    assert_recorded(
        client,
        reply,
        "member.suspended",
        actor=circle.caller.user_id,
        target=member.user_id,
        org=circle.org.id,
        resource=member.id,
    )


def test_every_shared_organization_counts_in_which_they_outrank(client: FlaskClient, make: Factory):
    """Ruling 18: one entry in the record of each organization."""
    boss, worker = make.user(), make.user()
    places = [
        (Role.OWNER, Role.ADMIN, True),
        (Role.ADMIN, Role.MEMBER, True),
        (Role.ADMIN, Role.ADMIN, False),
        (Role.MEMBER, Role.GUEST, False),
    ]
    orgs = [make.organization() for _ in places]
    for org, (own, theirs, _) in zip(orgs, places, strict=True):
        make.member(org, own, user=boss)
        make.member(org, theirs, user=worker)
    outside = make.organization()
    make.member(outside, Role.OWNER, user=worker)
    headers, theirs = make.bearer(boss), make.bearer(worker)
    touched = {org.id for org, (*_, is_so) in zip(orgs, places, strict=True) if is_so}

    def barred() -> set:
        found = client.get("/api/v1/users/me/organizations", headers=theirs)
        listed = found.json["data"]["organizations"]
        return {place["id"] for place in listed if place["is_suspended"]}

    reply = verb(client, headers, worker.id)
    assert barred() == {str(org_id) for org_id in touched}
    assert {entry.org_id for entry in entries_of(client, reply)} == touched
    assert verb(client, headers, worker.id).status_code == 409

    back = verb(client, headers, worker.id, "unsuspend")
    assert {entry.org_id for entry in entries_of(client, back)} == touched
    assert barred() == set()
    assert verb(client, headers, worker.id, "unsuspend").status_code == 409


def test_a_barred_admin_reaches_nobody(client: FlaskClient, make: Factory, circle: Circle):
    boss, member = make.user(), circle.join()
    make.member(circle.org, Role.ADMIN, user=boss, suspended_at=datetime.now(UTC))

    assert verb(client, make.bearer(boss), member.user_id).status_code == 404


def test_an_operator_leaves_memberships_alone(
    client: FlaskClient, make: Factory, circle: Circle, operator: User
):
    make.member(circle.org, Role.OWNER, user=operator)
    member = circle.join()

    verb(client, make.bearer(operator), member.user_id)

    listed = client.get(circle.path("/members"), headers=circle.as_owner).json["data"]["members"]
    assert [m["is_suspended"] for m in listed if m["user_id"] == str(member.user_id)] == [False]
