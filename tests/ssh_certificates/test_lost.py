"""What holds a principal that its holder may not use any more ends at once (threat 181)."""

from collections.abc import Callable

import pytest

from gatehouse.core.roles import Role
from tests.ssh_certificates.offices import Office


class Ways(Office):
    """``member`` has ``db`` by a department, ``deploy`` directly and by it, ``web`` directly."""

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.ops = self.make.department(self.org, self.member)
        self.db = self.make.principal(self.org, self.ops, name="db")
        self.also = self.make.department(self.org, self.member)
        self.link(self.deploy, self.ops)

    @property
    def base(self) -> str:
        return f"/api/v1/organizations/{self.org.id}"

    def link(self, principal, department) -> None:
        path = f"{self.base}/principals/{principal.id}/departments/{department.id}"
        reply = self.http.post(path, headers=self.as_admin)
        assert reply.status_code == 201, reply.text

    def delete(self, path: str) -> None:
        reply = self.http.delete(f"{self.base}{path}", headers=self.as_admin)
        assert reply.status_code == 200, reply.text

    def valid(self, *certificates) -> list[bool]:
        states = {row["id"]: row["state"] for row in self.found()}
        for one in certificates:
            assert (states[one["id"]] == "revoked") == self.is_listed(one)
        return [states[one["id"]] == "valid" for one in certificates]


@pytest.fixture
def ways(client, make) -> Ways:
    return Ways(client, make)


def principal_taken(ways: Ways) -> None:
    ways.delete(f"/principals/{ways.web.id}/members/{ways.member.user_id}")


def other_way_taken(ways: Ways) -> None:
    ways.delete(f"/principals/{ways.deploy.id}/members/{ways.member.user_id}")


def principal_deleted(ways: Ways) -> None:
    ways.delete(f"/principals/{ways.web.id}")


def principal_renamed(ways: Ways) -> None:
    path = f"{ways.base}/principals/{ways.web.id}"
    reply = ways.http.patch(path, json={"name": "www"}, headers=ways.as_admin)
    assert reply.status_code == 200, reply.text


def principal_closed_to_department(ways: Ways) -> None:
    ways.delete(f"/principals/{ways.db.id}/departments/{ways.ops.id}")


def out_of_department(ways: Ways) -> None:
    ways.delete(f"/departments/{ways.ops.id}/members/{ways.member.user_id}")


def out_of_another_department(ways: Ways) -> None:
    ways.delete(f"/departments/{ways.also.id}/members/{ways.member.user_id}")


def department_deleted(ways: Ways) -> None:
    ways.delete(f"/departments/{ways.ops.id}")


# What is valid after it of: deploy, web, db, all three.
CASES = [
    (principal_taken, [True, False, True, False]),
    (other_way_taken, [True, True, True, True]),
    (principal_deleted, [True, False, True, False]),
    (principal_renamed, [True, False, True, False]),
    (principal_closed_to_department, [True, True, False, False]),
    (out_of_department, [True, True, False, False]),
    (department_deleted, [True, True, False, False]),
    (out_of_another_department, [True, True, True, True]),
]


@pytest.mark.parametrize(("how", "left"), CASES)
def test_what_is_lost_is_revoked_and_what_is_held_otherwise_is_not(
    ways: Ways, how: Callable[[Ways], None], left: list[bool]
):
    signed = [ways.signed(principals=[name]) for name in ("deploy", "web", "db")]
    signed.append(ways.signed())

    how(ways)

    assert ways.valid(*signed) == left


def test_others_keep_theirs(ways: Ways):
    other = ways.make.member(ways.org)
    ways.key_of(other)
    ways.http.post(
        f"{ways.base}/principals/{ways.web.id}/members",
        json={"user_id": str(other.user_id)},
        headers=ways.as_admin,
    )
    theirs, mine = ways.signed(ways.make.bearer(other)), ways.signed()

    principal_taken(ways)

    assert ways.valid(theirs, mine) == [True, False]


def test_what_a_department_withholds_is_lost(ways: Ways):
    """Threats 181, 221: at once, and also where it was the other way that went."""
    web, both = ways.signed(principals=["web"]), ways.signed(principals=["db", "web"])
    ways.policy(ways.ops, mfa_max_age=None, max_expiry_hours=20)
    assert ways.valid(web, both) == [True, True]

    ways.policy(ways.ops, allowed_principals=["deploy"])

    assert ways.valid(web, both) == [True, False]
    direct = ways.signed(principals=["deploy"])
    ways.policy(ways.ops, allowed_principals=["db"])
    assert ways.valid(direct) == [True]
    other_way_taken(ways)
    assert ways.valid(web, direct) == [True, False]


def test_who_is_named_no_more_keeps_nothing(ways: Ways):
    """Threat 181: unless nobody is, for then everybody may ask."""
    path = f"{ways.path}/{ways.ca['id']}/permissions"
    other = ways.make.member(ways.org)
    for who in (ways.member, other):
        sent = {"user_id": str(who.user_id), "permission": "sign"}
        assert ways.http.post(path, json=sent, headers=ways.as_admin).status_code == 201
    ways.make.principal(ways.org, other, name="other")
    ways.key_of(other)
    mine, theirs = ways.signed(), ways.signed(ways.make.bearer(other))

    for who in (ways.member, other):
        gone = ways.http.delete(f"{path}/{who.user_id}", headers=ways.as_admin)
        assert gone.status_code == 200, gone.text

    assert ways.valid(mine, theirs) == [False, True]
    assert ways.signed()["state"] == "valid"


def test_what_came_of_being_an_admin_ends_with_that(ways: Ways):
    path = f"{ways.base}/ssh/policy"
    ways.http.put(path, json={"admins_get_all_principals": True}, headers=ways.as_owner)
    second = ways.make.member(ways.org, Role.ADMIN)
    signed = []
    for who in (ways.admin, second):
        ways.key_of(who)
        signed.append(ways.signed(ways.make.bearer(who)))
    mine = ways.signed()
    role = f"{ways.base}/members/{second.user_id}/role"
    reply = ways.http.patch(role, json={"role": "member"}, headers=ways.as_owner)
    assert reply.status_code == 200, reply.text
    assert ways.valid(*signed, mine) == [True, False, True]

    ways.http.put(path, json={"admins_get_all_principals": False}, headers=ways.as_owner)

    assert ways.valid(*signed, mine) == [False, False, True]
