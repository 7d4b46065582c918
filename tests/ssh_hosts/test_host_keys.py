"""The keys that a host enrols with: each sound, its own, and proved."""

import pytest

from gatehouse.ssh_hosts.rules.proofs import NAMESPACE
from tests.audit.record import entry_of
from tests.core.openssh.made_keys import SK_ED25519, public_line, subject
from tests.openssh import make_key
from tests.ssh_hosts.grounds import Grounds
from tests.ssh_hosts.machines import ENROLL, kind_of


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("another text", "not_verified"),
        ("another namespace", "wrong_namespace"),
        ("another key", "wrong_key"),
        ("junk", "malformed"),
    ],
)
def test_each_key_must_sign(grounds: Grounds, machine_of, tmp_path, fault: str, reason: str):
    """Threat 224."""
    machine, token = machine_of("ed25519", "ecdsa"), grounds.token(grounds.created())
    text = machine.challenge(token)
    good, bad = machine.keys
    signature = {
        "another text": lambda: bad.sign("hello", NAMESPACE),
        "another namespace": lambda: bad.sign(text, "file"),
        "another key": lambda: good.sign(text, NAMESPACE),
        "junk": lambda: "junk",
    }[fault]()
    sent = {
        "token": token,
        "host_public_keys": [good.public, bad.public],
        "signatures": [good.sign(text, NAMESPACE), signature],
    }

    reply = machine.http.post(ENROLL, json=sent)

    assert kind_of(reply) == (400, "VERIFICATION_FAILED")
    assert reply.json["error"]["details"] == {"reason": reason, "index": 1}
    assert entry_of(grounds.http, reply).details["reason"] == reason
    assert machine.enroll(token).status_code == 201


@pytest.mark.parametrize(
    ("line", "kind", "reason"),
    [
        ("ssh-dss AAAAB3NzaC1kc3MAAACBAJ", "UNSUPPORTED_KEY_TYPE", "dsa"),
        (public_line(subject(SK_ED25519)), "UNSUPPORTED_KEY_TYPE", "fido"),
        ("ssh-ed25519 AAAA", "INVALID_PUBLIC_KEY", "malformed"),
        ("hello", "INVALID_PUBLIC_KEY", "incomplete"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "INVALID_PUBLIC_KEY", "private_key"),
    ],
)
def test_what_is_no_good_key_is_refused_with_the_reason(
    grounds: Grounds, machine_of, line: str, kind: str, reason: str
):
    """Threat 220."""
    machine, token = machine_of(), grounds.token(grounds.created())
    sent = {"token": token, "host_public_keys": [line], "signatures": ["x"]}

    reply = machine.http.post(ENROLL, json=sent)

    assert kind_of(reply) == (400, kind)
    assert reply.json["error"]["details"] == {"reason": reason, "index": 0}


def test_a_short_rsa_key_is_refused(grounds: Grounds, machine_of, tmp_path):
    """Threat 220; ruling 35."""
    machine, token = machine_of(), grounds.token(grounds.created())
    short = make_key(tmp_path, "rsa", 2048)

    reply = machine.enroll(token, keys=[short])

    assert kind_of(reply) == (400, "WEAK_KEY")
    assert reply.json["error"]["details"] == {"reason": "weak", "index": 0, "min_bits": 3072}


def test_the_key_of_an_authority_is_refused(grounds: Grounds, machine_of):
    machine, token = machine_of(), grounds.token(grounds.created())
    sent = {
        "token": token,
        "host_public_keys": [grounds.authority("host")["public_key"]],
        "signatures": ["x"],
    }

    reply = machine.http.post(ENROLL, json=sent)

    assert kind_of(reply) == (400, "INVALID_PUBLIC_KEY")
    assert reply.json["error"]["details"]["reason"] == "authority"


def test_two_hosts_have_no_key_in_common(grounds: Grounds, machine_of):
    machine = machine_of()
    machine.enrolled(grounds.token(grounds.created("db1")))

    clone = machine.enroll(grounds.token(grounds.created("db2")))

    assert kind_of(clone) == (409, "CONFLICT")
    assert clone.json["error"]["details"] == {"fingerprints": [machine.keys[0].fingerprint]}
