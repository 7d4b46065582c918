"""Races between worker processes, with real requests. The database decides them (threat 175)."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member
from tests.factories import Factory
from tests.serving import GatehouseServer

pytestmark = pytest.mark.integration
PASSWORD = "a long way to tipperary"


def registration(email: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}


def test_one_of_eight_gets_the_address(server: GatehouseServer, db):
    email = f"{uuid4().hex}@example.test"

    replies = server.at_once([("POST", "/api/v1/auth/register", registration(email))] * 8)

    assert sorted(reply.status for reply in replies) == [201, *[409] * 7]
    assert len(db.scalars(select(User).where(User.email == email)).all()) == 1


def test_one_of_eight_gets_the_slug(server: GatehouseServer, make: Factory):
    slug = f"s-{uuid4().hex[:8]}"
    tokens = [make.session(make.user().id) for _ in range(8)]

    body = {"name": "Same", "slug": slug}
    replies = server.at_once([("POST", "/api/v1/organizations", body, token) for token in tokens])

    assert sorted(reply.status for reply in replies) == [201, *[409] * 7]


def test_slugs_made_of_the_same_name_never_fail_with_an_error_of_ours(
    server: GatehouseServer, make: Factory
):
    name = f"Name {uuid4().hex[:8]}"
    tokens = [make.session(make.user().id) for _ in range(6)]

    calls = [("POST", "/api/v1/organizations", {"name": name}, token) for token in tokens]
    replies = server.at_once(calls)

    assert {reply.status for reply in replies} <= {201, 409}
    assert any(reply.status == 201 for reply in replies)


def test_two_owners_who_leave_at_once_do_not_leave_it_without_one(
    server: GatehouseServer, make: Factory, db
):
    for _ in range(5):
        org = make.organization()
        owners = [make.member(org, Role.OWNER) for _ in range(2)]

        path = f"/api/v1/organizations/{org.id}/leave"
        calls = [("POST", path, None, make.session(owner.user_id)) for owner in owners]
        replies = server.at_once(calls)

        assert sorted(reply.status for reply in replies) == [200, 409]
        assert owners_of(db, org) == 1


def test_two_owners_who_demote_each_other_do_not_both_succeed(
    server: GatehouseServer, make: Factory, db
):
    for _ in range(5):
        org = make.organization()
        one, other = (make.member(org, Role.OWNER) for _ in range(2))

        base = f"/api/v1/organizations/{org.id}/members"
        member = {"role": "member"}
        replies = server.at_once(
            [
                ("PATCH", f"{base}/{other.user_id}/role", member, make.session(one.user_id)),
                ("PATCH", f"{base}/{one.user_id}/role", member, make.session(other.user_id)),
            ]
        )

        assert sorted(reply.status for reply in replies) == [200, 403]
        assert owners_of(db, org) == 1


def test_six_transfers_at_once_leave_one_owner(server: GatehouseServer, make: Factory, db):
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    heirs = [make.member(org, Role.MEMBER) for _ in range(6)]
    token = make.session(owner.user_id)

    path = f"/api/v1/organizations/{org.id}/transfer-ownership"
    bodies = [{"new_owner_user_id": str(heir.user_id)} for heir in heirs]
    replies = server.at_once([("POST", path, body, token) for body in bodies])

    assert sorted(reply.status for reply in replies) == [200, *[403] * 5]
    assert owners_of(db, org) == 1


def test_a_session_in_use_by_all_workers_slides_and_stays_one(
    server: GatehouseServer, make: Factory
):
    token = make.session(make.user().id)

    calls = [("GET", "/api/v1/auth/me", None, token)] * 16
    replies = [reply for _ in range(3) for reply in server.at_once(calls)]

    assert {reply.status for reply in replies} == {200}
    listed = server.call("GET", "/api/v1/auth/sessions", token=token).json["data"]
    assert listed["count"] == 1


def test_once_a_revocation_is_answered_no_worker_accepts_the_token(
    server: GatehouseServer, make: Factory
):
    for _ in range(4):
        token = make.session(make.user().id)
        with ThreadPoolExecutor(6) as threads:
            uses = [
                threads.submit(server.call, "GET", "/api/v1/auth/me", token=token)
                for _ in range(24)
            ]
            ended = server.call("POST", "/api/v1/auth/logout", token=token)
            after = [server.call("GET", "/api/v1/auth/me", token=token) for _ in range(8)]

        assert ended.status == 200
        assert {reply.status for reply in after} == {401}
        assert {use.result().status for use in uses} <= {200, 401}


def test_all_sessions_but_one_end_on_every_worker(server: GatehouseServer, make: Factory):
    user = make.user()
    mine, *others = [make.session(user.id) for _ in range(5)]
    for token in others:
        assert server.call("GET", "/api/v1/auth/me", token=token).status == 200

    assert server.call("DELETE", "/api/v1/auth/sessions", token=mine).json["data"]["ended"] == 4

    after = [server.call("GET", "/api/v1/auth/me", token=t).status for t in others * 3]
    assert set(after) == {401}
    assert server.call("GET", "/api/v1/auth/me", token=mine).status == 200


@pytest.mark.parametrize("writes", [6, pytest.param(250, marks=pytest.mark.slow)])
def test_what_one_worker_wrote_every_worker_reads(
    server: GatehouseServer, make: Factory, writes: int
):
    """Bar R8: of 1,000 reads all see what was written before."""
    token = make.session(make.user().id)
    for number in range(writes):
        name = f"Name {number}"
        server.call("PATCH", "/api/v1/users/me", {"full_name": name}, token=token)

        seen = server.at_once([("GET", "/api/v1/auth/me", None, token)] * 4)

        assert {reply.json["data"]["user"]["full_name"] for reply in seen} == {name}


def owners_of(db, org) -> int:
    db.rollback()
    owners = select(Member).where(Member.org_id == org.id, Member.role == Role.OWNER)
    return len(db.scalars(owners).all())


def test_members_who_add_each_other_elsewhere_do_not_get_in_each_others_way(
    server: GatehouseServer, make: Factory
):
    """Each act holds the person who is added, and refers to the one who adds."""
    people = [make.user() for _ in range(2)]
    for _ in range(6):
        orgs = [make.organization() for _ in people]
        calls = []
        for org, one, other in zip(orgs, people, reversed(people), strict=True):
            make.member(org, Role.OWNER, user=one)
            body = {"email": other.email, "role": "guest"}
            path = f"/api/v1/organizations/{org.id}/members"
            calls.append(("POST", path, body, make.session(one.id)))

        replies = server.at_once(calls)

        assert [reply.status for reply in replies] == [201, 201]


def test_a_suspended_account_is_out_of_every_worker_with_the_next_request(
    server: GatehouseServer, make: Factory
):
    """Threat 87: every worker knew the token well, and is asked again and again meanwhile."""
    boss = make.session(make.user(is_operator=True).id)
    for verb, body in (("suspend", None), ("delete", {"confirm": True})):
        user = make.user()
        tokens = [make.session(user.id) for _ in range(3)]
        with ThreadPoolExecutor(6) as threads:
            uses = [
                threads.submit(server.call, "GET", "/api/v1/auth/me", token=token)
                for token in tokens * 6
            ]
            ended = server.call("POST", f"/api/v1/admin/users/{user.id}/{verb}", body, token=boss)
            after = [server.call("GET", "/api/v1/auth/me", token=t) for t in tokens * 4]

        assert ended.status == 200
        assert {reply.status for reply in after} == {401}
        assert {reply.json["error"]["type"] for reply in after} == {"INVALID_TOKEN"}
        assert {use.result().status for use in uses} <= {200, 401}


def test_a_membership_that_is_suspended_ends_on_every_worker_with_the_next_request(
    server: GatehouseServer, make: Factory
):
    org = make.organization()
    admin, member = make.member(org, Role.ADMIN), make.member(org)
    token, path = make.session(member.user_id), f"/api/v1/organizations/{org.id}"
    calls = [("GET", path, None, token)] * 6
    assert {reply.status for reply in server.at_once(calls)} == {200}

    boss = make.session(admin.user_id)
    server.call("POST", f"/api/v1/admin/users/{member.user_id}/suspend", token=boss)

    assert {reply.status for reply in server.at_once(calls)} == {403}
