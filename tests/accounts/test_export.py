"""Everything that is held on a person, as one document."""

from datetime import timedelta

from gatehouse.core.roles import Role
from tests.audit.record import entries_of
from tests.conftest import client_of

EXPORT = "/api/v1/users/me/export"


def test_every_part_is_there_and_nobody_elses(client, make):
    org = make.organization(name="Marlowe & Sons")
    member, other = make.member(org, Role.ADMIN), make.member(org)
    headers = make.bearer(member)

    reply = client.get(EXPORT, headers=headers)

    export = reply.json["data"]["export"]
    assert export["account"]["id"] == str(member.user_id)
    assert [place["organization"] for place in export["memberships"]] == ["Marlowe & Sons"]
    assert len(export["sessions"]) == 1
    assert export["audit_entries"][0]["action"] == "account.exported"
    assert str(other.user_id) not in reply.text
    assert "token" not in reply.text
    assert "password_hash" not in reply.text


def test_nobody_learns_from_where_others_did_something_to_them(app, make):
    """Threat 210: the same as in the list."""
    org = make.organization()
    boss, member = make.member(org, Role.OWNER), make.member(org)
    path = f"/api/v1/organizations/{org.id}/members/{member.user_id}/role"
    at_work = client_of(app, "192.0.2.77", "the boss's own browser")
    changed = at_work.patch(path, json={"role": "guest"}, headers=make.bearer(boss))
    assert changed.status_code == 200

    reply = client_of(app, "192.0.2.5").get(EXPORT, headers=make.bearer(member))

    mine, theirs = reply.json["data"]["export"]["audit_entries"][:2]
    assert (mine["is_own_act"], mine["ip"]) == (True, "192.0.2.5")
    assert (theirs["action"], theirs["is_own_act"]) == ("member.role_changed", False)
    assert (theirs["ip"], theirs["user_agent"]) == (None, None)


def test_every_domain_that_holds_something_gives_its_part(runtime):
    parts = {part.__name__ for part in runtime.personal_data}

    assert {"account", "sessions", "memberships", "audit_entries"} <= parts


def test_taking_it_away_is_on_record(client, make):
    user = make.user()

    reply = client.get(EXPORT, headers=make.bearer(user))

    assert [entry.action for entry in entries_of(client, reply)] == ["account.exported"]


def test_it_takes_a_recent_sign_in(client, make):
    """Threat 124."""
    user = make.user()

    reply = client.get(EXPORT, headers=make.bearer(user, signed_in_ago=timedelta(hours=1)))

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "REAUTHENTICATION_REQUIRED")
    assert client.get(EXPORT).status_code == 401
