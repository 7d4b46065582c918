"""Owners: the last one cannot go, and handing over is one act. Leaving, and being suspended."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded, entries_of
from tests.conftest import client_of
from tests.factories import Factory
from tests.organizations.people import Circle, owners_of


@pytest.fixture
def alone(circle: Circle, make: Factory) -> Circle:
    """An organization with one owner and one admin."""
    make.change(circle.other_owner, role=Role.ADMIN)
    return circle


LAST_OWNER = {"type": "CONFLICT", "details": {}}


@pytest.mark.parametrize(
    "way",
    [
        ("POST", "/leave", None),
        ("DELETE", "/members/{me}", None),
        ("PATCH", "/members/{me}/role", {"role": "admin"}),
        ("PATCH", "/members/{me}/role", {"role": "guest"}),
    ],
)
@pytest.mark.parametrize("beside", ["an admin", "a suspended owner"])
def test_the_last_owner_cannot_go(client: FlaskClient, make: Factory, alone: Circle, way, beside):
    """Threat 176."""
    method, rest, body = way
    if beside == "a suspended owner":
        joined = alone.other_owner.created_at
        make.change(alone.other_owner, role=Role.OWNER, suspended_at=joined)
    path = alone.path(rest.format(me=alone.owner.user_id))

    reply = client.open(path, method=method, json=body, headers=alone.as_owner)

    assert reply.status_code == 409
    assert reply.json["error"] == LAST_OWNER
    assert alone.owner.user_id in owners_of(client, alone.path(), alone.as_owner)
    assert entries_of(client, reply) == []


def test_the_last_owner_cannot_suspend_themselves(client: FlaskClient, alone: Circle):
    """Threat 176."""
    path = alone.path(f"/members/{alone.owner.user_id}/suspend")

    reply = client.post(path, headers=alone.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")


def test_the_last_owner_cannot_delete_the_account(client: FlaskClient, alone: Circle):
    """Threat 176."""
    reply = client.delete("/api/v1/users/me", headers=alone.as_owner)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "USER_IS_SOLE_OWNER")


@pytest.mark.parametrize("verb", ["leave", "remove", "demote", "suspend"])
def test_one_of_two_owners_can_go(client: FlaskClient, make: Factory, circle: Circle, verb):
    path = circle.path(f"/members/{circle.other_owner.user_id}")
    headers = circle.as_owner

    replies = {
        "leave": lambda: client.post(
            circle.path("/leave"), headers=make.bearer(circle.other_owner)
        ),
        "remove": lambda: client.delete(path, headers=headers),
        "demote": lambda: client.patch(f"{path}/role", json={"role": "guest"}, headers=headers),
        "suspend": lambda: client.post(f"{path}/suspend", headers=headers),
    }

    assert replies[verb]().status_code == 200
    assert client.post(circle.path("/leave"), headers=headers).status_code == 409


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.GUEST])
def test_anybody_else_leaves_when_they_like(
    client: FlaskClient, make: Factory, circle: Circle, role
):
    member = circle.join(role)
    headers = make.bearer(member)

    reply = client.post(circle.path("/leave"), headers=headers)

    assert (reply.status_code, reply.json["data"]) == (200, {})
    assert client.get(circle.path(), headers=headers).status_code == 404
    assert client.post(circle.path("/leave"), headers=headers).status_code == 404
    assert_recorded(
        client,
        reply,
        "member.left",
        actor=member.user_id,
        target=member.user_id,
        org=circle.org.id,
        resource=member.id,
    )


def transfer(client: FlaskClient, circle: Circle, headers: dict[str, str], new_owner_id: object):
    sent = {"new_owner_user_id": str(new_owner_id)}
    return client.post(circle.path("/transfer-ownership"), json=sent, headers=headers)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.GUEST])
def test_a_transfer_swaps_owner_and_admin_in_one_act(
    client: FlaskClient, make: Factory, alone: Circle, role
):
    member, headers = alone.join(role), alone.as_owner

    reply = transfer(client, alone, headers, member.user_id)

    assert reply.status_code == 200
    assert set(reply.json["data"]) == {"previous_owner", "new_owner"}
    previous, new = reply.json["data"]["previous_owner"], reply.json["data"]["new_owner"]
    assert (previous["user_id"], previous["role"]) == (str(alone.owner.user_id), "admin")
    assert (new["user_id"], new["role"]) == (str(member.user_id), "owner")
    assert owners_of(client, alone.path(), headers) == {member.user_id}
    assert client.delete(alone.path(), headers=headers).status_code == 403
    entry = assert_recorded(
        client,
        reply,
        "organization.ownership_transferred",
        actor=alone.owner.user_id,
        target=member.user_id,
        org=alone.org.id,
        resource=alone.org.id,
    )
    assert entry.details == {"previous_owner_id": str(alone.owner.user_id)}


def test_a_transfer_to_oneself_is_refused(client: FlaskClient, circle: Circle):
    reply = transfer(client, circle, circle.as_owner, circle.owner.user_id)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "BAD_REQUEST")


def test_a_suspended_member_cannot_become_the_owner(
    client: FlaskClient, make: Factory, alone: Circle
):
    make.change(alone.other_owner, suspended_at=alone.owner.created_at)

    reply = transfer(client, alone, alone.as_owner, alone.other_owner.user_id)

    assert reply.status_code in (403, 409)
    assert owners_of(client, alone.path(), alone.as_owner) == {alone.owner.user_id}


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.INACTIVE])
def test_an_account_that_cannot_act_is_no_owner_to_rely_on(
    client: FlaskClient, make: Factory, alone: Circle, status
):
    """Threat 176: it neither becomes the owner nor stands in for one."""
    heir, stand_in = make.user(status=status), make.user(status=status)
    make.member(alone.org, Role.ADMIN, user=heir)
    make.member(alone.org, Role.OWNER, user=stand_in)

    moved = transfer(client, alone, alone.as_owner, heir.id)
    left = client.post(alone.path("/leave"), headers=alone.as_owner)

    assert (moved.status_code, left.status_code) == (409, 409)
    path = alone.path(f"/members/{stand_in.id}/role")
    demoted = client.patch(path, json={"role": "guest"}, headers=alone.as_owner)
    assert demoted.status_code == 200


@pytest.mark.parametrize("bad", ["", "x", None, 7])
def test_a_transfer_to_no_id_names_the_field(client: FlaskClient, circle: Circle, bad):
    path = circle.path("/transfer-ownership")

    reply = client.post(path, json={"new_owner_user_id": bad}, headers=circle.as_owner)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {"new_owner_user_id"}


def test_a_transfer_needs_a_fresh_sign_in(client: FlaskClient, make: Factory, circle: Circle):
    headers = make.bearer(circle.owner, signed_in_ago=timedelta(minutes=11))

    reply = transfer(client, circle, headers, circle.join().user_id)

    assert reply.json["error"] == {
        "type": "REAUTHENTICATION_REQUIRED",
        "details": {"max_age": 600},
    }


@pytest.mark.parametrize(
    ("way", "role_before"),
    [
        (("POST", "/members", {"email": "{other}", "role": "owner"}), None),
        (("POST", "/invites", {"email": "new@example.test", "role": "owner"}), None),
        (("POST", "/invites/{invite}/resend", None), None),
        (("PATCH", "/members/{them}/role", {"role": "owner"}), Role.MEMBER),
        (("PATCH", "/members/{them}/role", {"role": "guest"}), Role.OWNER),
        (("DELETE", "/members/{them}", None), Role.OWNER),
        (("POST", "/members/{them}/suspend", None), Role.OWNER),
        (("POST", "/members/{them}/unsuspend", None), Role.OWNER),
    ],
)
def test_whoever_makes_or_unmakes_owners_signed_in_a_moment_ago(
    client: FlaskClient, make: Factory, circle: Circle, way, role_before
):
    """Threat 174: a session that was left open or stolen takes no organization."""
    method, rest, body = way
    person = make.user()
    if role_before:
        barred = circle.org.created_at if rest.endswith("unsuspend") else None
        make.member(circle.org, role_before, user=person, suspended_at=barred)
    path = rest.format(them=person.id, invite=make.invite(circle.org, Role.OWNER).id)
    body = body and {key: value.format(other=person.email) for key, value in body.items()}
    stale = make.bearer(circle.owner, signed_in_ago=timedelta(minutes=11))

    refused, done = (
        client.open(circle.path(path), method=method, json=body, headers=headers)
        for headers in (stale, circle.as_owner)
    )

    assert refused.json["error"] == {
        "type": "REAUTHENTICATION_REQUIRED",
        "details": {"max_age": 600},
    }
    assert done.status_code in (200, 201)


def test_an_old_sign_in_does_for_everybody_below_owners(
    client: FlaskClient, make: Factory, circle: Circle
):
    stale = make.bearer(circle.owner, signed_in_ago=timedelta(minutes=11))
    path = circle.path(f"/members/{circle.join().user_id}")

    promoted = client.patch(f"{path}/role", json={"role": "admin"}, headers=stale)
    removed = client.delete(path, headers=stale)

    assert (promoted.status_code, removed.status_code) == (200, 200)


def test_a_suspended_member_is_barred_here_and_nowhere_else(
    client: FlaskClient, make: Factory, make_app, circle: Circle, address: str
):
    """Ruling 18, and threat 181 on another worker."""
    member, elsewhere = circle.join(Role.ADMIN), make.organization()
    user_id = member.user_id
    headers, other = make.bearer(member), client_of(make_app(), address)
    place = client.post("/api/v1/organizations", json={"name": "Own"}, headers=headers)
    own = place.json["data"]["organization"]["id"]
    assert other.get(circle.path(), headers=headers).status_code == 200

    reply = client.post(circle.path(f"/members/{user_id}/suspend"), headers=circle.as_owner)

    assert reply.json["data"]["member"]["is_suspended"] is True
    for rest in ("", "/members", "/audit-logs"):
        refused = other.get(circle.path(rest), headers=headers)
        assert (refused.status_code, refused.json["error"]["type"]) == (403, "MEMBERSHIP_SUSPENDED")
    assert other.get(f"/api/v1/organizations/{own}", headers=headers).status_code == 200
    assert other.get(f"/api/v1/organizations/{elsewhere.id}", headers=headers).status_code == 404
    me = other.get("/api/v1/auth/me", headers=headers).json["data"]["organizations"]
    assert [entry["id"] for entry in me] == [own]
    listed = other.get("/api/v1/users/me/organizations", headers=headers).json["data"]
    barred = {entry["id"]: entry["is_suspended"] for entry in listed["organizations"]}
    assert barred == {own: False, str(circle.org.id): True}


def test_a_membership_comes_back_as_it_was(client: FlaskClient, make: Factory, circle: Circle):
    member = circle.join(Role.ADMIN)
    path, owner, headers = (
        circle.path(f"/members/{member.user_id}"),
        circle.as_owner,
        make.bearer(member),
    )

    suspended = client.post(f"{path}/suspend", headers=owner)
    twice = client.post(f"{path}/suspend", headers=owner)
    back = client.post(f"{path}/unsuspend", headers=owner)
    again = client.post(f"{path}/unsuspend", headers=owner)

    assert [r.status_code for r in (suspended, twice, back, again)] == [200, 409, 200, 409]
    shown = back.json["data"]["member"]
    assert (shown["role"], shown["is_suspended"]) == ("admin", False)
    assert client.get(circle.path("/audit-logs"), headers=headers).status_code == 200
    for reply, action in ((suspended, "member.suspended"), (back, "member.unsuspended")):
        assert_recorded(
            client,
            reply,
            action,
            actor=circle.owner.user_id,
            target=member.user_id,
            org=circle.org.id,
            resource=member.id,
        )


@pytest.mark.parametrize("verb", ["suspend", "unsuspend"])
def test_nobody_suspends_themselves(client: FlaskClient, circle: Circle, verb):
    headers = circle.headers("admin")
    path = circle.path(f"/members/{circle.caller.user_id}/{verb}")

    reply = client.post(path, headers=headers)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "BAD_REQUEST")


def test_an_admin_does_not_give_a_suspended_owner_the_place_back(
    client: FlaskClient, make: Factory, circle: Circle
):
    make.change(circle.other_owner, suspended_at=circle.owner.created_at)
    path = circle.path(f"/members/{circle.other_owner.user_id}/unsuspend")

    assert client.post(path, headers=circle.headers("admin")).status_code == 403


@pytest.mark.parametrize("kind", ["guest", "member", "admin"])
def test_whoever_takes_themselves_out_leaves(client: FlaskClient, circle: Circle, kind: str):
    """The table of the API: a member may leave, on this path too."""
    headers = circle.headers(kind)

    reply = client.delete(circle.path(f"/members/{circle.caller.user_id}"), headers=headers)

    assert reply.status_code == 200
    assert client.get(circle.path(), headers=headers).status_code == 404
