"""A host enrols itself: with a token for it alone, and a proof of each of its keys."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from gatehouse.core.openssh.certificates import read_certificate
from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.signatures import verify
from gatehouse.core.openssh.terms import Kind
from gatehouse.core.roles import Role
from gatehouse.core.tokens import mint
from gatehouse.ssh_ca.rules.key_ids import Holder, read_key_id
from gatehouse.ssh_certificates.service import hold_list
from gatehouse.ssh_hosts.rules.proofs import NAMESPACE
from gatehouse.ssh_hosts.service import enrolling
from tests.accounts.together import at_once
from tests.audit.record import entries_of, entry_of
from tests.conftest import client_of
from tests.openssh import keygen
from tests.ssh_hosts.grounds import NAME, Grounds
from tests.ssh_hosts.machines import ENROLL, Machine, kind_of

MAP = {"ubuntu": ["prod"]}


def test_a_proved_host_gets_a_certificate_for_each_key(grounds: Grounds, machine_of):
    """Threats 215, 224, 226: names, life and kind are those of our own record."""
    machine = machine_of("ed25519", "ecdsa", "rsa")
    host = grounds.created(NAME, "db1", accounts=MAP, cert_validity_hours=48)
    token = grounds.token(host)

    reply = machine.enroll(token)

    assert reply.status_code == 201, reply.text
    told = reply.json["data"]["enrolled"]
    authority = read_public_key(grounds.authority("host")["public_key"])
    for key, made in zip(machine.keys, in_order(told, machine), strict=True):
        found = read_certificate(made["certificate"])
        verify(authority, found.signature, found.signed)
        assert found.terms.subject == read_public_key(key.public).blob
        assert (found.terms.kind, found.terms.principals) == (Kind.HOST, (NAME, "db1"))
        assert (found.terms.critical_options, found.terms.extensions) == ({}, {})
        said = read_key_id(found.terms.key_id)
        assert (said.holder, str(said.id)) == (Holder.HOST, host["id"])
        begins, ends = (datetime.fromisoformat(made[n]) for n in ("valid_after", "valid_before"))
        assert ends - begins == timedelta(hours=48, seconds=300)
    assert (told["host_id"], told["names"]) == (host["id"], [NAME, "db1"])
    assert told["principals"] == MAP
    assert told["credential"].startswith("ghh_")
    assert {entry.action for entry in entries_of(grounds.http, reply)} == {
        "ssh_certificate.issued",
        "ssh_host.enrolled",
    }


def in_order(told, machine: Machine) -> list:
    by_key = {made["fingerprint"]: made for made in told["certificates"]}
    return [by_key[key.fingerprint] for key in machine.keys]


def test_it_is_told_what_to_believe(grounds: Grounds, machine_of):
    people = grounds.authority("user")
    told = machine_of().enrolled(grounds.token(grounds.created()))

    assert told["user_ca"] == [people["public_key"]]
    assert told["host_ca"] == [grounds.authority("host")["public_key"]]
    published = grounds.http.get(told["krl_url"].removeprefix("http://localhost:5000"))
    assert published.headers["X-KRL-Version"] == str(told["krl_version"])
    signer = grounds.http.get(f"/api/v1/ssh/orgs/{grounds.org.slug}/krl.pub")
    assert signer.text.strip() == told["krl_signer"]
    assert "HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\n" in told["sshd_config"]


def test_ssh_keygen_reads_what_a_host_got(grounds: Grounds, machine_of, tmp_path):
    told = machine_of().enrolled(grounds.token(grounds.created()))
    file = tmp_path / "host-cert.pub"
    file.write_text(told["certificates"][0]["certificate"] + "\n")

    assert "host certificate" in keygen("-L", "-f", file)


def test_its_admins_see_what_is_left(grounds: Grounds, machine_of):
    machine, host = machine_of(), grounds.created()
    machine.enrolled(grounds.token(host))

    seen = grounds.read(host)

    assert (seen["state"], seen["days_left"], seen["renewal_due"]) == ("enrolled", 29, False)
    [key] = seen["keys"]
    assert (key["fingerprint"], key["key_type"]) == (machine.keys[0].fingerprint, "ssh-ed25519")
    path = f"/api/v1/organizations/{grounds.org.id}/certificates/{key['certificate_id']}"
    listed = grounds.http.get(path, headers=grounds.as_admin)
    assert listed.json["data"]["holder"] == "host"
    assert seen["enroll_token_expires_at"] is None


def test_a_token_is_good_once(grounds: Grounds, machine_of):
    """Threat 224."""
    machine, token = machine_of(), grounds.token(grounds.created())
    text = machine.challenge(token)
    machine.enrolled(token)

    again, asked = machine.enroll(token, text=text), machine.ask(token)

    assert kind_of(again) == kind_of(asked) == (401, "INVALID_ENROLL_TOKEN")
    entry = entry_of(grounds.http, again)
    assert (entry.action, entry.details["reason"]) == ("ssh_host.refused", "token_used")
    assert entry.org_id == grounds.org.id
    assert token not in str(entry.details)


def test_of_many_who_come_with_a_token_one_gets_in(grounds: Grounds, machine_of, app):
    """Threat 224."""
    machine, token = machine_of(), grounds.token(grounds.created())
    text = machine.challenge(token)
    signed = {
        "token": token,
        "host_public_keys": [machine.keys[0].public],
        "signatures": [machine.keys[0].sign(text, NAMESPACE)],
    }

    def enroll() -> int:
        return client_of(app, "10.66.0.1").post(ENROLL, json=signed).status_code

    assert sorted(at_once(*[enroll] * 6)) == [201] + [401] * 5


BAD_TOKENS = ("replaced", "expired", "unknown", "junk", "revoked", "deleted")


@pytest.mark.parametrize("why", BAD_TOKENS)
def test_all_that_is_no_good_token_is_refused_alike(grounds: Grounds, machine_of, clock, why: str):
    """Threat 224."""
    host = grounds.created()
    token = grounds.token(host)
    if why == "replaced":
        grounds.token(host)
    elif why == "expired":
        clock.shift(timedelta(minutes=15, seconds=1))
    elif why == "unknown":
        token = mint("ghe_")
    elif why == "junk":
        token = "ghe_junk"
    elif why == "revoked":
        grounds.revoke(host)
    elif why == "deleted":
        grounds.delete(host)

    reply = machine_of().ask(token)

    assert kind_of(reply) == (401, "INVALID_ENROLL_TOKEN")
    assert reply.json["error"]["details"] == {}
    assert entry_of(grounds.http, reply).details["reason"].startswith("token_")


def removed(base: str) -> tuple[str, str, dict]:
    return "DELETE", f"{base}/members/%s", {}


def suspended(base: str) -> tuple[str, str, dict]:
    return "POST", f"{base}/members/%s/suspend", {}


def made_a_member(base: str) -> tuple[str, str, dict]:
    return "PATCH", f"{base}/members/%s/role", {"role": "member"}


def locked(base: str) -> tuple[str, str, dict]:
    return "POST", f"{base}/users/%s/lock", {}


@pytest.mark.parametrize("how", [removed, suspended, made_a_member, locked])
def test_a_token_ends_with_the_rights_of_who_made_it(grounds: Grounds, machine_of, how):
    """Threats 181, 224: nobody takes the name of a host along."""
    host, machine = grounds.created(), machine_of()
    token = grounds.token(host)
    text = machine.challenge(token)
    as_owner = grounds.make.bearer(grounds.make.member(grounds.org, Role.OWNER))
    method, path, sent = how(f"/api/v1/organizations/{grounds.org.id}")

    gone = grounds.http.open(
        path % grounds.admin.user_id, method=method, json=sent, headers=as_owner
    )

    assert gone.status_code in (200, 201), gone.text
    assert kind_of(machine.enroll(token, text=text)) == (401, "INVALID_ENROLL_TOKEN")
    anew = grounds.ask_for_token(host, as_owner).json["data"]["token"]
    assert machine.enroll(anew).status_code == 201


@pytest.mark.only_on("postgresql")
def test_a_token_ends_with_them_also_while_it_is_used(grounds: Grounds, machine_of, monkeypatch):
    """Threats 181, 224: whoever ends them was there first, and has just gone."""
    machine, token = machine_of(), grounds.token(grounds.created())
    text = machine.challenge(token)
    as_owner = grounds.make.bearer(grounds.make.member(grounds.org, Role.OWNER))
    method, path, sent = made_a_member(f"/api/v1/organizations/{grounds.org.id}")
    path %= grounds.admin.user_id

    def overtaken(ctx, org_id):
        grounds.http.open(path, method=method, json=sent, headers=as_owner)
        return hold_list(ctx, org_id)

    monkeypatch.setattr(enrolling, "hold_list", overtaken)

    assert kind_of(machine.enroll(token, text=text)) == (401, "INVALID_ENROLL_TOKEN")


def test_a_token_that_has_not_ended_is_good(grounds: Grounds, machine_of, clock):
    token = grounds.token(grounds.created())
    clock.shift(timedelta(minutes=14))

    assert machine_of().enroll(token).status_code == 201


def test_a_token_is_for_one_host(grounds: Grounds, machine_of):
    """Threat 224: what was signed for one is nothing for another."""
    machine = machine_of()
    one, other = (grounds.token(grounds.created(name)) for name in ("db1", "db2"))
    text = machine.challenge(one)

    reply = machine.enroll(other, text=text)

    assert kind_of(reply) == (400, "VERIFICATION_FAILED")
    assert reply.json["error"]["details"] == {"reason": "not_verified", "index": 0}


@pytest.mark.parametrize(
    "more",
    [
        {"names": ["evil.example.com"]},
        {"kind": "user"},
        {"principals": ["root"]},
        {"cert_validity_hours": 8760},
        {"valid_before": "2099-01-01T00:00:00Z"},
    ],
)
def test_nothing_about_the_certificate_can_be_asked_for(grounds: Grounds, machine_of, more: dict):
    """Threat 224: neither other names, nor a user certificate, nor a longer life."""
    machine, token = machine_of(), grounds.token(grounds.created())
    [key], text = machine.keys, machine.challenge(token)
    sent = {
        "token": token,
        "host_public_keys": [key.public],
        "signatures": [key.sign(text, NAMESPACE)],
        **more,
    }

    assert kind_of(machine.http.post(ENROLL, json=sent)) == (400, "VALIDATION_ERROR")
    assert machine.enroll(token).status_code == 201


@pytest.mark.parametrize(
    "sent",
    [
        {"host_public_keys": []},
        {"host_public_keys": ["a"], "signatures": []},
        {"host_public_keys": ["a"]},
        {"signatures": ["a"]},
        {"host_public_keys": ["a"] * 6, "signatures": ["a"] * 6},
        {"host_public_keys": [None], "signatures": [None]},
        {"host_public_keys": "a", "signatures": "a"},
    ],
)
def test_what_does_not_go_together_is_named(grounds: Grounds, machine_of, sent: dict):
    token = grounds.token(grounds.created())

    assert kind_of(machine_of().http.post(ENROLL, json={"token": token, **sent}))[0] == 400


def test_enrolled_anew_it_has_its_new_keys_alone(grounds: Grounds, machine_of):
    host = grounds.created()
    old, new = machine_of(), machine_of()
    old.enrolled(grounds.token(host))
    told = new.enrolled(grounds.token(host))

    assert [key["fingerprint"] for key in grounds.read(host)["keys"]] == [new.keys[0].fingerprint]
    assert grounds.revoked_certificates() == {old.keys[0].fingerprint}
    assert told["krl_version"] == 2
    assert old.renew().status_code == 401
    assert old.sync().status_code == 401


def test_a_revoked_host_comes_back_with_other_keys_alone(grounds: Grounds, machine_of):
    host, machine = grounds.created(), machine_of()
    machine.enrolled(grounds.token(host))
    grounds.revoke(host, reason="stolen")
    token = grounds.token(host)

    again = machine.enroll(token)

    assert grounds.revoked_certificates() == {machine.keys[0].fingerprint}
    assert kind_of(again) == (400, "INVALID_PUBLIC_KEY")
    assert again.json["error"]["details"]["reason"] == "revoked"
    assert "has revoked this key" in again.json["message"]
    assert machine.sync().status_code == 401
    machine_of().enrolled(token)
    assert grounds.read(host)["state"] == "enrolled"


def test_a_suspended_host_gets_nothing(grounds: Grounds, machine_of):
    host = grounds.created()
    token = grounds.token(host)
    grounds.change(host, suspended=True)

    reply = machine_of().enroll(token)

    assert kind_of(reply) == (403, "HOST_REFUSED")
    assert reply.json["error"]["details"] == {"reason": "suspended"}
    grounds.change(host, suspended=False)
    assert machine_of().enroll(token).status_code == 201


def test_a_name_that_a_host_loses_is_revoked_with_its_certificate(grounds: Grounds, machine_of):
    host, machine = grounds.created("db1", "db2"), machine_of()
    machine.enrolled(grounds.token(host))
    grounds.change(host, names=["db2", "db1", "db3"])
    assert grounds.revoked_certificates() == set()

    grounds.change(host, names=["db2"])

    assert grounds.revoked_certificates() == {machine.keys[0].fingerprint}
    assert machine.sync().json["data"]["renewal_due"] is True
    renewed = machine.renew().json["data"]["renewed"]["certificates"]
    assert read_certificate(renewed[0]["certificate"]).terms.principals == ("db2",)
    assert machine.sync().json["data"]["renewal_due"] is False


def test_a_deleted_host_leaves_nothing_that_counts(grounds: Grounds, machine_of):
    host, machine = grounds.created(), machine_of()
    machine.enrolled(grounds.token(host))
    grounds.delete(host)

    assert grounds.revoked_certificates() == {machine.keys[0].fingerprint}
    assert machine.renew().status_code == machine.sync().status_code == 401


def test_without_an_authority_nobody_signs_and_the_token_stays(bare: Grounds, machine_of):
    token = bare.token(bare.created())

    assert kind_of(machine_of().enroll(token)) == (503, "CA_NOT_CONFIGURED")
    bare.authority("host")
    assert machine_of().enroll(token).status_code == 201


def test_no_certificate_outlives_the_longest_of_its_authority(bare: Grounds, machine_of):
    bare.authority("host", max_cert_validity_hours=24)
    told = machine_of().enrolled(bare.token(bare.created(cert_validity_hours=8760)))

    made = told["certificates"][0]
    ends = datetime.fromisoformat(made["valid_before"])
    assert ends - datetime.fromisoformat(made["valid_after"]) == timedelta(hours=24, seconds=300)


def test_hosts_of_a_closed_organization_get_nothing(grounds: Grounds, machine_of):
    host, machine = grounds.created(), machine_of()
    machine.enrolled(grounds.token(host))
    token = grounds.token(host)
    grounds.make.change(grounds.org, is_active=False)

    assert machine.ask(token).status_code == 401
    assert machine.renew().status_code == 401
    assert machine.sync().status_code == 401


def test_how_often_it_may_be_tried_is_limited(make_app):
    app = make_app()
    statuses = [
        client_of(app, "10.67.0.1").post(ENROLL, json={"token": f"{uuid4()}"}).status_code
        for _ in range(31)
    ]

    assert set(statuses[:30]) == {401}
    assert statuses[30] == 429
