"""Certificate authorities: one of each kind, whose private keys nobody reads."""

import pytest
from sqlalchemy import select

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.ssh_ca.models import Authority, AuthorityKey
from tests.accounts.together import at_once
from tests.audit.record import assert_recorded, entries_of, entry_of
from tests.conftest import client_of
from tests.ssh_ca.places import Place

HOURS = {"default_cert_validity_hours": 8, "max_cert_validity_hours": 24}
TYPES = {
    "ed25519": "ssh-ed25519",
    "ecdsa-p256": "ecdsa-sha2-nistp256",
    "ecdsa-p384": "ecdsa-sha2-nistp384",
    "ecdsa-p521": "ecdsa-sha2-nistp521",
    "rsa-3072": "ssh-rsa",
}


def test_an_authority_comes_with_a_key_that_signs(place: Place):
    reply = place.create(description="For people", **HOURS)

    assert reply.status_code == 201, reply.text
    made = reply.json["data"]["ca"]
    assert (made["name"], made["ca_type"], made["is_active"]) == ("People", "user", True)
    assert {name: made[name] for name in HOURS} == HOURS
    assert made["backdate_seconds"] == 300
    key = read_public_key(made["public_key"])
    assert (made["key_type"], made["fingerprint"]) == ("ssh-ed25519", key.fingerprint)
    assert made["next_serial_number"] == 1
    assert [each["state"] for each in made["keys"]] == ["active"]
    assert_recorded(
        place.http,
        reply,
        "ssh_authority.created",
        actor=place.admin.user_id,
        org=place.org.id,
        resource=made["id"],
    )


@pytest.mark.parametrize(("asked", "type_"), TYPES.items())
def test_keys_of_every_type_that_machines_believe(place: Place, asked: str, type_: str):
    made = place.created(key_type=asked)

    assert made["key_type"] == read_public_key(made["public_key"]).type == type_


def test_of_each_kind_there_is_one(place: Place):
    """Threat 215."""
    place.created()
    again = place.create(name="Others")
    hosts = place.created(name="Hosts", ca_type="host")
    same_name = place.http.patch(
        f"{place.path}/{hosts['id']}", json={"name": "People"}, headers=place.as_admin
    )

    assert (again.status_code, again.json["error"]["type"]) == (409, "CONFLICT")
    assert (same_name.status_code, same_name.json["error"]["type"]) == (409, "CONFLICT")
    told = place.http.get(place.path, headers=place.as_admin).json["data"]
    assert [each["ca_type"] for each in told["cas"]] == ["user", "host"]
    assert told["count"] == 2


def test_of_many_that_are_made_at_once_one_is(place: Place):
    app = place.http.application

    def create(number: int):
        body = {"name": f"Of {number}"}
        return client_of(app).post(place.path, json=body, headers=place.as_admin).status_code

    statuses = at_once(*(lambda number=number: create(number) for number in range(6)))

    assert sorted(statuses) == [201] + [409] * 5


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"ca_type": "x509"}, "ca_type"),
        ({"key_type": "dsa"}, "key_type"),
        ({"default_cert_validity_hours": 0}, "default_cert_validity_hours"),
        ({"max_cert_validity_hours": 10**6}, "max_cert_validity_hours"),
        (
            {"default_cert_validity_hours": 9, "max_cert_validity_hours": 8},
            "default_cert_validity_hours",
        ),
        ({"default_cert_validity_hours": "8"}, "default_cert_validity_hours"),
        ({"backdate_seconds": 901}, "backdate_seconds"),
        ({"private_key": "x"}, "private_key"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(place: Place, wrong, field):
    reply = place.create(**wrong)

    assert reply.status_code == 400
    assert list(reply.json["error"]["details"]) == [field]
    assert place.http.get(place.path, headers=place.as_admin).json["data"]["count"] == 0


def test_what_is_changed_is_on_record_and_the_rest_stays(place: Place):
    made = place.created(**HOURS)
    path = f"{place.path}/{made['id']}"

    sent = {"name": "Everybody", "max_cert_validity_hours": 48}
    reply = place.http.patch(path, json=sent, headers=place.as_admin)

    changed = reply.json["data"]["ca"]
    assert (changed["name"], changed["max_cert_validity_hours"]) == ("Everybody", 48)
    assert changed["default_cert_validity_hours"] == 8
    assert entry_of(place.http, reply).details["fields"] == ["name", "max_seconds"]
    again = place.http.patch(path, json=sent, headers=place.as_admin)
    assert entries_of(place.http, again) == []
    below = place.http.patch(path, json={"max_cert_validity_hours": 1}, headers=place.as_admin)
    assert below.status_code == 400


def test_nobody_reads_a_private_key(place: Place, runtime):
    """Threat 227."""
    made = place.created()
    with runtime.reading() as db:
        row = db.scalars(
            select(AuthorityKey).where(AuthorityKey.fingerprint == made["fingerprint"])
        )
        key = row.one()

    assert b"PRIVATE" not in key.private_sealed
    assert key.key_sealed.startswith("v1.")
    assert "private" not in place.http.get(place.path, headers=place.as_owner).text
    assert "sealed" not in place.http.get(place.path, headers=place.as_owner).text


def test_members_and_other_organizations_see_none(place: Place, elsewhere: Place):
    made = place.created()
    path = f"{place.path}/{made['id']}"

    assert place.http.get(path, headers=place.as_member).status_code == 403
    assert place.http.get(path, headers=elsewhere.as_owner).status_code == 404
    of_theirs = f"{elsewhere.path}/{made['id']}"
    for reply in (
        elsewhere.http.get(of_theirs, headers=elsewhere.as_owner),
        elsewhere.http.patch(of_theirs, json={"name": "x"}, headers=elsewhere.as_owner),
        elsewhere.http.post(f"{of_theirs}/rotate", json={}, headers=elsewhere.as_owner),
        elsewhere.http.delete(of_theirs, json={}, headers=elsewhere.as_owner),
    ):
        assert reply.status_code == 404


def test_only_an_owner_deletes_one_and_its_private_keys_go(place: Place, runtime):
    made = place.created()
    path = f"{place.path}/{made['id']}"
    assert place.http.delete(path, json={}, headers=place.as_admin).status_code == 403

    reply = place.http.delete(path, json={"reason": "moved"}, headers=place.as_owner)

    assert (reply.status_code, reply.json["data"]) == (200, {"ca_id": made["id"]})
    assert entry_of(place.http, reply).details["reason"] == "moved"
    assert place.http.get(path, headers=place.as_owner).status_code == 404
    with runtime.reading() as db:
        [key] = db.scalars(
            select(AuthorityKey).where(AuthorityKey.fingerprint == made["fingerprint"])
        )
        assert (key.private_sealed, key.key_sealed, key.state.value) == (None, None, "retired")
        there = select(Authority.id).where(Authority.org_id == place.org.id)
        assert db.scalars(there.execution_options(with_removed=True)).all()
    assert place.create().status_code == 201


def test_an_old_sign_in_makes_and_ends_none(place: Place, clock):
    made = place.created()
    clock.shift(700)

    for reply in (
        place.create(name="Hosts", ca_type="host"),
        place.rotate(made),
        place.act(made, made["keys"][0], "compromise", reason="x"),
        place.http.delete(f"{place.path}/{made['id']}", json={}, headers=place.as_owner),
    ):
        assert (reply.status_code, reply.json["error"]["type"]) == (
            403,
            "REAUTHENTICATION_REQUIRED",
        )


def test_a_name_says_nothing_of_what_clashes(place: Place):
    """Whichever words stand in the values that a database tells of."""
    name = "uq_ssh_authorities_org_id_kind"
    assert place.create(name=name).status_code == 201

    reply = place.create(name=name, ca_type="host")

    assert (reply.status_code, "name" in reply.json["message"]) == (409, True)


def test_its_public_key_has_an_address(place: Place):
    made = place.created()
    path = f"{place.path}/{made['id']}/public-key"

    told = place.http.get(path, headers=place.as_member).json["data"]

    assert (told["public_key"], told["ca_type"]) == (made["public_key"], "user")
    missing = f"{place.path}/{place.org.id}/public-key"
    assert place.http.get(missing, headers=place.as_member).status_code == 404
