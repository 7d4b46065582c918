"""Rules for workloads: who makes them, what they may say, and what ends with them."""

from datetime import timedelta

import pytest

from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded, entry_of
from tests.ssh_workloads.issuers import SUB
from tests.ssh_workloads.jobs import Yard

WRONG = [
    ({"name": ""}, "name"),
    ({"issuer": "http://ci.example.com"}, "issuer"),
    ({"issuer": "https://10.0.0.1"}, "issuer"),
    ({"issuer": "https://ci.example.com\n"}, "issuer"),
    ({"audience": ""}, "audience"),
    ({"audience": "a b"}, "audience"),
    ({"claims": {}}, "claims"),
    ({"claims": {"iss": "x"}}, "claims"),
    ({"claims": {"sub": 7}}, "claims"),
    ({"claims": {"sub": "*"}}, "claims"),
    ({"claims": "sub"}, "claims"),
    ({"principals": []}, "principals"),
    ({"principals": ["nobody"]}, "principals"),
    ({"principals": ["deploy,web"]}, "principals"),
    ({"principals": ["*"]}, "principals"),
    ({"ttl_seconds": 901}, "ttl_seconds"),
    ({"ttl_seconds": 0}, "ttl_seconds"),
    ({"ttl_seconds": "900"}, "ttl_seconds"),
    ({"extensions": ["permit-everything"]}, "extensions"),
    ({"source_addresses": ["10.0.0.1/8"]}, "source_addresses"),
    ({"is_active": "yes"}, "is_active"),
    ({"org_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "org_id"),
]


def test_an_admin_makes_a_rule(yard: Yard):
    reply = yard.add(
        principals=["web", "deploy", "web"],
        extensions=["permit-pty"],
        source_addresses=["192.0.2.128/25", "192.0.2.0/25"],
        ttl_seconds=300,
    )

    assert reply.status_code == 201, reply.text
    told = reply.json["data"]["workload"]
    assert told["principals"] == ["deploy", "web"]
    assert told["source_addresses"] == ["192.0.2.0/24"]
    assert (told["ttl_seconds"], told["is_active"]) == (300, True)
    assert told["claims"] == {"sub": SUB}
    assert_recorded(
        yard.http,
        reply,
        "ssh_workload.created",
        actor=yard.admin.user_id,
        org=yard.org.id,
        resource=told["id"],
    )
    path = f"{yard.rules}/{told['id']}"
    assert yard.http.get(path, headers=yard.as_owner).json["data"]["workload"] == told
    listed = yard.http.get(yard.rules, headers=yard.as_admin).json["data"]["workloads"]
    assert listed == [told]


def test_usually_it_gives_little(yard: Yard):
    told = yard.added()
    assert (told["ttl_seconds"], told["extensions"], told["source_addresses"]) == (900, [], [])


def test_what_a_rule_cannot_say_is_refused_by_its_field(yard: Yard):
    """Threats 173, 197, 214, 216."""
    for wrong, field in WRONG:
        reply = yard.add(**wrong)
        assert reply.status_code == 400, wrong
        assert field in reply.json["error"]["details"], wrong
    told = yard.added()
    for wrong, field in WRONG:
        reply = yard.change(told, **wrong)
        assert reply.status_code == 400, wrong
        assert field in reply.json["error"]["details"], wrong


def test_a_principal_that_is_not_there_is_named(yard: Yard):
    reply = yard.add(principals=["deploy", "nobody"])
    assert "nobody" in reply.json["error"]["details"]["principals"][0]


def test_names_are_given_once(yard: Yard):
    yard.added()
    other = yard.added(name="Other")
    assert yard.add().json["error"]["type"] == "CONFLICT"
    assert yard.change(other, name="Deploy").json["error"]["type"] == "CONFLICT"


def test_members_neither_see_nor_make_rules(yard: Yard):
    """Threats 169, 170."""
    told = yard.added()
    stranger = yard.make.bearer(yard.make.member(yard.make.organization(), Role.OWNER))
    for headers, status in ((yard.as_member, 403), (stranger, 404)):
        assert yard.http.get(yard.rules, headers=headers).status_code == status
        assert yard.add(headers, name="Mine").status_code == status
        assert yard.change(told, headers, is_active=False).status_code == status
        assert yard.drop(told, headers).status_code == status


def test_a_change_needs_a_fresh_sign_in(yard: Yard):
    told = yard.added()
    stale = yard.make.bearer(yard.admin, signed_in_ago=timedelta(hours=1))
    for reply in (
        yard.add(stale, name="Later"),
        yard.change(told, stale, ttl_seconds=60),
        yard.drop(told, stale),
    ):
        assert reply.json["error"]["type"] == "REAUTHENTICATION_REQUIRED"


def test_who_is_locked_out_arms_no_job(yard: Yard):
    """Threat 218: they get no certificate of their own, and none by a rule. What is on they end."""
    told, other = yard.added(), yard.added(name="Other")
    path = f"/api/v1/organizations/{yard.org.id}/users/{yard.admin.user_id}/lock"
    assert yard.http.post(path, json={}, headers=yard.as_owner).status_code == 201
    again = yard.make.bearer(yard.admin)

    for reply in (
        yard.add(again, name="Mine"),
        yard.change(told, again, claims={"sub": "repo:mine/web:ref:refs/heads/main"}),
        yard.change(told, again, is_active=False, name="Mine"),
    ):
        assert (reply.status_code, reply.json["error"]["type"]) == (403, "USER_LOCKED")
    assert yard.change(told, again, is_active=False).status_code == 200
    assert yard.change(told, again, is_active=True).status_code == 403
    assert yard.drop(other, again).status_code == 200

    assert yard.http.delete(path, headers=yard.as_owner).status_code == 200
    assert yard.change(told, again, is_active=True).status_code == 200


def test_root_is_for_owners_in_every_way(yard: Yard):
    """Ruling 33; threats 174, 216: who may not give root may not say either who gets it."""
    yard.make.principal(yard.org, name="root")
    assert yard.add(principals=["root"]).status_code == 403
    plain = yard.added()
    assert yard.change(plain, principals=["root"]).status_code == 403
    told = yard.added(yard.as_owner, name="Root", principals=["root"])
    for changes in ({"claims": {"sub": "repo:evil/x:ref:a"}}, {"ttl_seconds": 1}, {"name": "X"}):
        assert yard.change(told, **changes).status_code == 403, changes
    assert yard.change(told, principals=["deploy"]).status_code == 403
    assert yard.change(told, is_active=False).status_code == 200
    assert yard.change(told, is_active=True).status_code == 403
    assert yard.change(told, yard.as_owner, is_active=True).status_code == 200
    assert yard.drop(told).status_code == 200


@pytest.mark.parametrize("way", ["off", "deleted"])
def test_with_a_rule_ends_what_it_has_signed(yard: Yard, way: str):
    """Threat 218: in the same act, and of this rule alone."""
    rule, other = yard.added(), yard.added(name="Other", claims={"repository": "acme/web"})
    ends = yard.signed(rule_id=rule["id"])
    stays = yard.signed(rule_id=other["id"])

    reply = yard.change(rule, is_active=False) if way == "off" else yard.drop(rule)

    assert reply.status_code == 200, reply.text
    (serials,) = yard.krl().serials.values()
    assert (ends["serial"] in serials, stays["serial"] in serials) == (True, False)
    states = {row["id"]: row["state"] for row in yard.listed()}
    assert (states[ends["id"]], states[stays["id"]]) == ("revoked", "valid")
    action = "ssh_workload.changed" if way == "off" else "ssh_workload.deleted"
    entry = assert_recorded(
        yard.http, reply, action, actor=yard.admin.user_id, org=yard.org.id, resource=rule["id"]
    )
    assert entry.details["revoked"] == 1
    assert yard.refused(rule_id=rule["id"]) == (401, "INVALID_WORKLOAD_TOKEN")
    assert yard.signed()["rule_id"] == other["id"]


def test_what_is_the_same_is_no_change(yard: Yard):
    told = yard.added()
    reply = yard.change(told, claims=told["claims"], principals=["deploy"])
    assert reply.json["data"]["workload"]["updated_at"] == told["updated_at"]


def test_rules_go_with_the_organization(yard: Yard):
    rule = yard.added()
    yard.signed()
    path = f"/api/v1/organizations/{yard.org.id}"
    for other in (yard.admin, yard.member):
        yard.http.delete(f"{path}/members/{other.user_id}", headers=yard.as_owner)
    gone = yard.http.delete(path, headers=yard.as_owner)
    assert gone.status_code == 200, gone.text

    assert yard.refused(rule_id=rule["id"]) == (401, "INVALID_WORKLOAD_TOKEN")
    assert yard.refused(organization=str(yard.org.id)) == (401, "INVALID_WORKLOAD_TOKEN")
    assert entry_of(yard.http, gone).details["ssh_workload_rules_deleted"] == 1
