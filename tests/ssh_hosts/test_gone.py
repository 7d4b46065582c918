"""Hosts that are gone: what they had is believed no more, by whoever fetches what is revoked."""

from pathlib import Path
from typing import Any

import pytest

from gatehouse.core.openssh.keys import read_public_key
from tests.openssh import KeyFile, keygen
from tests.ssh_hosts.grounds import NAME, Grounds
from tests.ssh_hosts.machines import Machine, kind_of


def refused(grounds: Grounds, folder: Path, line: str) -> bool:
    """Whether OpenSSH takes a key or certificate for revoked, by the list that is published now."""
    krl, file = folder / "krl", folder / "asked.pub"
    krl.write_bytes(grounds.http.get(f"/api/v1/ssh/orgs/{grounds.org.slug}/krl").data)
    file.write_text(f"{line.strip()}\n")
    said = keygen("-Q", "-f", krl, file, expect=(0, 1))
    return "REVOKED" in said


@pytest.fixture
def machine(machine_of) -> Machine:
    found: Machine = machine_of("ed25519", "ecdsa")
    return found


def enrolled(grounds: Grounds, machine: Machine, name: str = NAME) -> tuple[Any, list[str]]:
    """A host, and its certificates."""
    host = grounds.created(name)
    told = machine.enrolled(grounds.token(host))
    return host, [made["certificate"] for made in told["certificates"]]


def key_of_a_person(grounds: Grounds, key: KeyFile) -> Any:
    """A certificate of a member who registered this key as well."""
    grounds.make.principal(grounds.org, grounds.member)
    blob = read_public_key(key.public).blob
    row = grounds.make.ssh_key(grounds.member, blob)
    body = {"key_id": str(row.id)}
    return grounds.http.post("/api/v1/ssh/sign", json=body, headers=grounds.as_member)


def test_a_deleted_host_is_believed_no_more(grounds: Grounds, machine: Machine, tmp_path: Path):
    """Threat 227: by its certificates; its keys are another host's if an admin says so."""
    host, certificates = enrolled(grounds, machine)
    assert not any(refused(grounds, tmp_path, each) for each in certificates)

    assert grounds.delete(host).status_code == 200

    assert all(refused(grounds, tmp_path, each) for each in certificates)
    _, others = enrolled(grounds, machine, "db2.example.com")
    assert not any(refused(grounds, tmp_path, each) for each in others)
    assert all(refused(grounds, tmp_path, each) for each in certificates)


def test_keys_that_were_revoked_stay_so_without_their_host(
    grounds: Grounds, machine: Machine, tmp_path: Path
):
    """Threats 221, 227: whoever took them away with the machine enrols no other one with them."""
    host, certificates = enrolled(grounds, machine)
    assert grounds.revoke(host, reason="stolen").status_code == 200
    assert grounds.delete(host).status_code == 200

    again = machine.enroll(grounds.token(grounds.created(NAME)))

    assert kind_of(again) == (400, "INVALID_PUBLIC_KEY")
    assert again.json["error"]["details"] == {"reason": "revoked", "index": 0}
    lines = [*certificates, *(key.public for key in machine.keys)]
    assert all(refused(grounds, tmp_path, each) for each in lines)


def test_nobody_else_has_a_revoked_key_of_a_host_certified(
    grounds: Grounds, machine: Machine, tmp_path: Path
):
    """Threat 218: what a person got for it goes, too, and there is no other."""
    host, _ = enrolled(grounds, machine)
    before = key_of_a_person(grounds, machine.keys[0])
    assert before.status_code == 201, before.text

    grounds.revoke(host)

    assert refused(grounds, tmp_path, before.json["data"]["certificate"])
    assert grounds.revoked_certificates() == {key.fingerprint for key in machine.keys}
    body = {"key_id": before.json["data"]["ssh_key_id"]}
    after = grounds.http.post("/api/v1/ssh/sign", json=body, headers=grounds.as_member)
    assert kind_of(after) == (409, "KEY_NOT_VERIFIED")


def test_an_admin_may_pardon_a_key_of_a_host(grounds: Grounds, machine: Machine, tmp_path: Path):
    host, certificates = enrolled(grounds, machine)
    grounds.revoke(host, reason="by mistake")
    path = f"/api/v1/organizations/{grounds.org.id}/ssh/revoked-keys"
    rows = grounds.http.get(path, headers=grounds.as_admin).json["data"]["revoked_keys"]
    assert {row["fingerprint"] for row in rows} == {key.fingerprint for key in machine.keys}
    assert {row["reason"] for row in rows} == {"by mistake"}

    for row in rows:
        gone = grounds.http.delete(f"{path}/{row['id']}", headers=grounds.as_admin)
        assert gone.status_code == 200, gone.text

    made = machine.enrolled(grounds.token(host))["certificates"]
    assert not any(refused(grounds, tmp_path, each["certificate"]) for each in made)
    assert all(refused(grounds, tmp_path, each) for each in certificates)


def test_a_revoked_key_is_not_renewed_by_another_one(grounds: Grounds, machine: Machine):
    """Threat 221: the rest of the host goes on."""
    enrolled(grounds, machine)
    good, bad = machine.keys
    grounds.revoke_key(bad.fingerprint)

    reply = machine.renew()

    assert reply.status_code == 201, reply.text
    made = reply.json["data"]["renewed"]["certificates"]
    assert [each["fingerprint"] for each in made] == [good.fingerprint]


def test_a_revoked_key_has_its_host_renew_once(grounds: Grounds, machine: Machine):
    """What is left of it shows the machine which key has none any more."""
    host, _ = enrolled(grounds, machine)
    grounds.revoke_key(machine.keys[1].fingerprint)
    assert machine.sync().json["data"]["renewal_due"] is True

    assert machine.renew().status_code == 201

    assert machine.sync().json["data"]["renewal_due"] is False
    has = {key["fingerprint"]: key["certificate_id"] for key in grounds.read(host)["keys"]}
    good, bad = (has[key.fingerprint] for key in machine.keys)
    assert (good is None, bad is None) == (False, True)


def test_keys_of_before_make_nothing_due(grounds: Grounds, machine: Machine, machine_of):
    """A host that was revoked comes back with other keys; the old ones stay on record."""
    host, _ = enrolled(grounds, machine)
    grounds.revoke(host)
    other = machine_of()

    other.enrolled(grounds.token(host))

    assert len(grounds.read(host)["keys"]) == 3
    assert other.sync().json["data"]["renewal_due"] is False
