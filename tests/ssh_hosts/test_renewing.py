"""A host renews its certificates by a key that it has proved before (SSH-19)."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from gatehouse.core.openssh.certificates import read_certificate
from tests.accounts.together import at_once
from tests.audit.record import entries_of, entry_of
from tests.conftest import client_of
from tests.openssh import make_key
from tests.ssh_hosts.grounds import Grounds
from tests.ssh_hosts.machines import RENEW, kind_of


@pytest.fixture
def host(grounds: Grounds):
    return grounds.created(accounts={"ubuntu": ["prod"]})


@pytest.fixture
def machine(grounds: Grounds, machine_of, host):
    machine = machine_of("ed25519", "ecdsa")
    machine.enrolled(grounds.token(host))
    return machine


def test_one_key_renews_all_certificates(grounds: Grounds, machine, host, clock):
    """SSH-19: nothing has to be set up for it."""
    clock.shift(timedelta(days=20))
    reply = machine.answer(machine.nonce(), machine.keys[1])

    assert reply.status_code == 201, reply.text
    made = reply.json["data"]["renewed"]["certificates"]
    assert {each["fingerprint"] for each in made} == {key.fingerprint for key in machine.keys}
    assert {each["serial"] for each in made} == {3, 4}
    ends = {datetime.fromisoformat(each["valid_before"]) for each in made}
    assert len(ends) == 1
    grounds.sign_in()
    seen = grounds.read(host)
    assert (seen["days_left"], seen["renewal_due"]) == (29, False)
    assert grounds.revoked_certificates() == set()
    assert {entry.action for entry in entries_of(grounds.http, reply)} == {
        "ssh_certificate.issued",
        "ssh_host.renewed",
    }


def test_names_come_from_the_record(grounds: Grounds, machine, host):
    """Threat 224."""
    grounds.change(host, names=["db1.example.com", "db9"], cert_validity_hours=1)
    [made, _] = machine.renew().json["data"]["renewed"]["certificates"]

    assert read_certificate(made["certificate"]).terms.principals == ("db1.example.com", "db9")
    sent = {"host_id": machine.host_id, "names": ["evil"]}
    assert machine.http.post(RENEW, json=sent).status_code == 400


def test_a_nonce_is_good_once(machine):
    asked = machine.nonce()

    assert machine.answer(asked).status_code == 201
    assert kind_of(machine.answer(asked)) == (400, "CHALLENGE_USED")


def test_of_many_who_bring_a_nonce_one_is_served(machine, app):
    asked = machine.nonce()
    machine.http = client_of(app, "10.66.1.1")

    statuses = at_once(*[lambda: machine.answer(asked).status_code] * 6)

    assert sorted(statuses) == [201] + [400] * 5


def test_a_nonce_ends_soon(machine, clock):
    asked = machine.nonce()
    clock.shift(timedelta(minutes=5, seconds=1))

    assert kind_of(machine.answer(asked)) == (400, "CHALLENGE_EXPIRED")


@pytest.mark.parametrize("nonce", ["x", "1.2.3", "9" * 12 + ".a.b", "9" * 30 + ".a.b", "٣.a.b"])
def test_a_nonce_that_is_not_ours_is_nothing(machine, nonce: str):
    assert kind_of(machine.answer(machine.nonce(), nonce=nonce)) == (400, "CHALLENGE_EXPIRED")


def test_a_nonce_is_for_one_host(grounds: Grounds, machine, machine_of):
    other = machine_of()
    other.enrolled(grounds.token(grounds.created("db2")))
    asked = machine.nonce()

    reply = other.answer(asked, host_id=other.host_id)

    assert kind_of(reply) == (400, "CHALLENGE_EXPIRED")


def test_a_lengthened_nonce_is_not_ours(machine):
    asked = machine.nonce()
    ends, _, rest = asked["nonce"].partition(".")

    reply = machine.answer(asked, nonce=f"{int(ends) + 3600}.{rest}")

    assert kind_of(reply) == (400, "CHALLENGE_EXPIRED")


def test_another_key_renews_nothing(grounds: Grounds, machine, tmp_path):
    """Threat 221."""
    reply = machine.answer(machine.nonce(), make_key(tmp_path))

    assert kind_of(reply) == (401, "UNAUTHORIZED")
    entry = entry_of(grounds.http, reply)
    assert (entry.action, entry.details["reason"]) == ("ssh_host.refused", "unknown_key")


def test_the_key_of_another_host_renews_nothing(grounds: Grounds, machine, machine_of):
    """Threat 221."""
    other = machine_of()
    other.enrolled(grounds.token(grounds.created("db2")))

    assert kind_of(machine.answer(machine.nonce(), other.keys[0])) == (401, "UNAUTHORIZED")


def test_a_host_that_there_is_not_looks_like_one(machine):
    """Whoever asks learns nothing: the same is told, and the same refused."""
    unknown = machine.nonce(str(uuid4()))

    assert unknown.keys() == machine.nonce().keys()
    assert kind_of(machine.answer(unknown)) == (401, "UNAUTHORIZED")


def test_what_was_signed_to_enrol_renews_nothing(grounds: Grounds, machine_of, host):
    machine = machine_of()
    token = grounds.token(host)
    text = machine.challenge(token)
    machine.enrolled(token)

    asked = {**machine.nonce(), "challenge_text": text}

    assert kind_of(machine.answer(asked)) == (400, "VERIFICATION_FAILED")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda grounds, host: grounds.change(host, suspended=True), "suspended"),
        (lambda grounds, host: grounds.revoke(host), "revoked"),
    ],
)
def test_who_shall_get_nothing_is_told_so(grounds: Grounds, machine, host, act, reason: str):
    """Threat 221."""
    act(grounds, host)
    reply = machine.renew()

    assert kind_of(reply) == (403, "HOST_REFUSED")
    assert reply.json["error"]["details"] == {"reason": reason}
    assert entry_of(grounds.http, reply).details["reason"] == reason


def test_a_key_that_was_revoked_by_itself_renews_nothing(grounds: Grounds, machine):
    grounds.revoke_key(machine.keys[0].fingerprint)

    assert machine.renew().json["error"]["details"] == {"reason": "key_revoked"}


@pytest.mark.parametrize(("days", "status"), [(36, 201), (38, 403)])
def test_for_a_week_after_its_end_it_can_still_be_renewed(machine, clock, days: int, status: int):
    """Threat 221."""
    clock.shift(timedelta(days=days))
    reply = machine.renew()

    assert reply.status_code == status
    if status == 403:
        assert reply.json["error"]["details"] == {"reason": "expired"}


def test_a_host_that_was_never_enrolled_has_nothing_to_renew(grounds: Grounds, machine_of):
    machine, host = machine_of(), grounds.created("db7")

    assert kind_of(machine.answer(machine.nonce(host["id"]))) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    "sent", [{"nonce": "x"}, {"signature": "x"}, {"nonce": None, "signature": None}]
)
def test_what_does_not_go_together_is_named(machine, sent: dict):
    reply = machine.http.post(RENEW, json={"host_id": machine.host_id, **sent})

    assert kind_of(reply) == (400, "VALIDATION_ERROR")


def test_a_stolen_key_fills_no_table(machine, clock):
    statuses = [machine.renew().status_code for _ in range(21)]

    assert statuses == [201] * 20 + [429]
    clock.shift(timedelta(hours=1))
    assert machine.renew().status_code == 201
