"""Deleting one's account: what it takes, what goes with it, and what a newcomer inherits."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import User
from gatehouse.audit.models import AuditEntry
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.accounts.together import tables_as_text
from tests.audit.record import assert_recorded, entries_of, entries_with
from tests.factories import PASSWORD, Factory

ME = "/api/v1/users/me"
REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
OLD = timedelta(minutes=10, seconds=1)


def delete(client: FlaskClient, headers: dict[str, str], **body: object):
    return client.delete(ME, json=body or None, headers=headers)


def sign_in(client: FlaskClient, user: User) -> int:
    return client.post(LOGIN, json={"email": user.email, "password": PASSWORD}).status_code


@pytest.mark.parametrize(
    ("signed_in_ago", "body", "status"),
    [
        (timedelta(0), {}, 200),
        (timedelta(0), {"password": None}, 200),
        (timedelta(0), {"password": PASSWORD}, 200),
        (timedelta(0), {"password": "wrong"}, 401),
        (timedelta(0), {"password": ""}, 400),
        (timedelta(0), {"confirm": True}, 400),
        (OLD, {}, 403),
        (OLD, {"password": None}, 403),
        (OLD, {"password": PASSWORD}, 200),
        (OLD, {"password": "wrong"}, 401),
    ],
)
def test_it_takes_a_fresh_sign_in_or_the_password(
    client: FlaskClient, make: Factory, signed_in_ago, body, status
):
    user = make.user()

    reply = delete(client, make.bearer(user, signed_in_ago=signed_in_ago), **body)

    assert reply.status_code == status
    assert sign_in(client, user) == (401 if status == 200 else 200)


def test_an_old_sign_in_is_told_what_to_do(client: FlaskClient, make: Factory):
    reply = delete(client, make.bearer(make.user(), signed_in_ago=OLD))

    assert reply.json["error"] == {
        "type": "REAUTHENTICATION_REQUIRED",
        "details": {"max_age": 600},
    }


def test_a_deletion_is_recorded_once_and_says_what_ended(client: FlaskClient, make: Factory):
    user, org = make.user(), make.organization()
    make.member(org, user=user)
    make.bearer(user)

    reply = delete(client, make.bearer(user))

    assert reply.json["data"] == {}
    entry = assert_recorded(
        client, reply, "account.deleted", actor=user.id, target=user.id, resource=user.id
    )
    assert entry.details == {
        "sessions_ended": 2,
        "organizations_left": [str(org.id)],
        "organizations_deleted": [],
    }


def test_a_wrong_password_is_on_record_and_deletes_nothing(client: FlaskClient, make: Factory):
    user = make.user()

    reply = delete(client, make.bearer(user), password="wrong")

    assert_recorded(client, reply, "account.password_refused", actor=user.id, target=user.id)


def test_a_sole_owner_with_others_stays_and_learns_the_names(client: FlaskClient, make: Factory):
    """Threat 176."""
    user = make.user()
    full, empty, shared = (make.organization(name=name) for name in ("Full", "Empty", "Shared"))
    for org in (full, empty, shared):
        make.member(org, Role.OWNER, user=user)
    make.member(full, Role.GUEST)
    make.member(shared, Role.OWNER)
    headers = make.bearer(user)

    reply = delete(client, headers)

    assert reply.status_code == 409
    assert reply.json["error"] == {
        "type": "USER_IS_SOLE_OWNER",
        "details": {"organizations": [{"id": str(full.id), "name": "Full"}]},
    }
    assert client.get(f"{ME}/organizations", headers=headers).json["data"]["count"] == 3
    assert (
        entries_with(client, AuditEntry.action == "account.deleted", AuditEntry.user_id == user.id)
        == []
    )
    assert sign_in(client, user) == 200


@pytest.mark.parametrize("is_suspended", [False, True])
def test_another_owner_lets_one_go_unless_suspended(
    client: FlaskClient, make: Factory, is_suspended
):
    """Threat 176: a suspended owner cannot look after the organization."""
    org = make.organization()
    user = make.user()
    make.member(org, Role.OWNER, user=user)
    other = make.member(org, Role.OWNER)
    if is_suspended:
        make.change(other, suspended_at=other.created_at)

    reply = delete(client, make.bearer(user))

    assert reply.status_code == (409 if is_suspended else 200)


def test_an_organization_that_only_they_were_in_goes_too(client: FlaskClient, make: Factory):
    user = make.user()
    org = make.organization()
    make.member(org, Role.OWNER, user=user)

    reply = delete(client, make.bearer(user))

    assert reply.status_code == 200
    recorded = [(e.action, e.details["organizations_deleted"]) for e in entries_of(client, reply)]
    assert recorded == [("account.deleted", [str(org.id)])]
    newcomer = make.bearer(make.user())
    assert client.get(f"/api/v1/organizations/{org.id}", headers=newcomer).status_code == 404
    again = client.post(
        "/api/v1/organizations", json={"name": "New", "slug": org.slug}, headers=newcomer
    )
    assert again.status_code == 201


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.GUEST])
def test_the_deleted_are_out_of_every_list(client: FlaskClient, make: Factory, role):
    org = make.organization()
    owner, member = make.member(org, Role.OWNER), make.member(org, role)
    headers = make.bearer(owner)

    delete(client, make.bearer(member))

    listed = client.get(f"/api/v1/organizations/{org.id}/members", headers=headers).json["data"]
    assert [entry["user_id"] for entry in listed["members"]] == [str(owner.user_id)]
    assert listed["count"] == 1
    read = client.get(f"/api/v1/organizations/{org.id}", headers=headers)
    assert read.json["data"]["member_count"] == 1


def test_a_suspended_member_leaves_by_deletion_too(client: FlaskClient, make: Factory):
    org = make.organization()
    make.member(org, Role.OWNER)
    member = make.member(org)
    make.change(member, suspended_at=member.created_at)

    assert delete(client, make.bearer(member)).status_code == 200


def test_the_address_is_free_again_and_inherits_nothing(client: FlaskClient, make: Factory):
    """Threat 123."""
    user = make.user(full_name="The first", avatar_url="https://x.test/a.png")
    org = make.organization()
    make.member(org, Role.OWNER)
    make.member(org, Role.ADMIN, user=user)
    headers = make.bearer(user)
    client.get(ME, headers=headers)
    delete(client, headers)

    sent = {"email": user.email, "password": PASSWORD, "password_confirm": PASSWORD}
    registered = client.post(REGISTER, json=sent)

    newcomer = registered.json["data"]["user"]
    assert registered.status_code == 201
    assert newcomer["id"] != str(user.id)
    assert (newcomer["full_name"], newcomer["avatar_url"]) == (None, None)
    fresh = {"Authorization": f"Bearer {registered.json['data']['token']}"}
    assert client.get(f"{ME}/organizations", headers=fresh).json["data"]["count"] == 0
    assert client.get("/api/v1/auth/sessions", headers=fresh).json["data"]["count"] == 1
    assert client.get(f"/api/v1/organizations/{org.id}", headers=fresh).status_code == 404
    seen = client.get("/api/v1/auth/audit-logs", headers=fresh).json["data"]["audit_logs"]
    assert [entry["action"] for entry in seen] == ["account.registered"]
    assert client.get(ME, headers=headers).status_code == 401


def test_wrong_passwords_for_the_deleted_do_not_lock_the_newcomer_out(
    client: FlaskClient, make: Factory
):
    """Threat 123."""
    user = make.user()
    for _ in range(4):
        client.post(LOGIN, json={"email": user.email, "password": "wrong"})
    delete(client, make.bearer(user))
    sent = {"email": user.email, "password": PASSWORD, "password_confirm": PASSWORD}
    client.post(REGISTER, json=sent)

    wrong = client.post(LOGIN, json={"email": user.email, "password": "wrong"})

    assert wrong.status_code == 401


def test_the_record_keeps_a_pseudonym_and_no_table_keeps_the_address(
    client: FlaskClient, make: Factory, runtime: Runtime
):
    name, host = f"Name-{uuid4().hex}", f"{uuid4().hex}.test"
    user = make.user(full_name=name)
    headers = make.bearer(user)
    client.patch(ME, json={"avatar_url": f"https://{host}/a.png"}, headers=headers)
    client.post(LOGIN, json={"email": user.email, "password": "wrong"})
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    make.member(org, user=user)
    client.post(f"/api/v1/organizations/{org.id}/leave", headers=headers)

    delete(client, headers)

    with runtime.reading() as db:
        everything = tables_as_text(db)
    traces = [user.email, user.email.partition("@")[0], name, host]
    assert [trace for trace in traces if trace in everything] == []
    path = f"/api/v1/organizations/{org.id}/audit-logs"
    seen = client.get(path, headers=make.bearer(owner)).json["data"]["audit_logs"]
    pseudonym = f"deleted-user-{user.id.hex[-8:]}"
    assert [entry["user_email"] for entry in seen] == [pseudonym]
    assert seen[0]["user"] == {"id": str(user.id), "email": pseudonym, "full_name": None}
    assert UUID(seen[0]["user_id"]) == user.id
