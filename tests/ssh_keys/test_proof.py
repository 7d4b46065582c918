"""The proof that a key is one's own: SSHSIG over a challenge, once, in time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.audit.record import assert_recorded, entry_of
from tests.conftest import client_of
from tests.ssh_keys.owners import KEYS, KeyOwner

MINUTE = 60


def kind_of(reply) -> tuple[int, str]:
    return reply.status_code, reply.json["error"]["type"]


def test_a_challenge_says_what_it_is_for(owner: KeyOwner):
    key = owner.key()
    asked = owner.challenge(owner.add(key).json["data"]["id"])

    assert asked["namespace"] == "ssh-key-verify@gatehouse"
    for part in (key.fingerprint, str(owner.user.id), "http://localhost"):
        assert part in asked["challenge_text"]
    assert asked["validationText"] == asked["challenge_text"]
    assert "ssh-keygen -Y sign -n ssh-key-verify@gatehouse" in asked["command"]


def test_whoever_signs_it_has_the_key(owner: KeyOwner):
    key = owner.key()
    added = owner.add(key).json["data"]

    reply = owner.prove(key, added["challenge"])

    assert reply.status_code == 200, reply.text
    assert reply.json["data"] == {"verified": True, "key_id": added["id"]}
    assert owner.read(added["id"])["state"] == "verified"
    assert_recorded(
        owner.http,
        reply,
        "ssh_key.verified",
        actor=owner.user.id,
        target=owner.user.id,
        resource=added["id"],
    )


def test_what_an_echo_adds_does_no_harm(owner: KeyOwner):
    key = owner.key()
    asked = owner.add(key).json["data"]["challenge"]
    signature = key.sign(f"{asked['challenge_text']}\n", asked["namespace"])

    assert owner.send(asked["key_id"], signature, as_base64=True).status_code == 200


@pytest.mark.parametrize("ending", ["\n\n", " ", "x", "\r\n"])
def test_nothing_else_may_follow(owner: KeyOwner, ending: str):
    key = owner.key()
    asked = owner.add(key).json["data"]["challenge"]
    reply = owner.send(
        asked["key_id"], key.sign(asked["challenge_text"] + ending, asked["namespace"])
    )

    assert kind_of(reply) == (400, "VERIFICATION_FAILED")
    assert reply.json["error"]["details"] == {"reason": "not_verified"}


def test_a_signature_for_something_else_is_told_apart(owner: KeyOwner):
    key = owner.key()
    asked = owner.add(key).json["data"]["challenge"]

    reply = owner.prove(key, asked, namespace="file")

    assert kind_of(reply) == (400, "WRONG_NAMESPACE")
    assert entry_of(owner.http, reply).details["reason"] == "wrong_namespace"
    assert owner.read(asked["key_id"])["state"] == "unverified"


def test_another_key_proves_nothing(owner: KeyOwner):
    asked = owner.add(owner.key()).json["data"]["challenge"]

    reply = owner.prove(owner.key(), asked)

    assert kind_of(reply) == (400, "VERIFICATION_FAILED")
    assert reply.json["error"]["details"] == {"reason": "wrong_key"}


@pytest.mark.parametrize(
    "junk", ["x", "-----BEGIN SSH SIGNATURE-----", "AAAA", "\u00e4", "=" * 100]
)
def test_junk_is_no_signature(owner: KeyOwner, junk: str):
    asked = owner.add(owner.key()).json["data"]["challenge"]

    reply = owner.send(asked["key_id"], junk)

    assert kind_of(reply) == (400, "VERIFICATION_FAILED")
    assert reply.json["error"]["details"] == {"reason": "malformed"}


def test_a_challenge_is_answered_once(owner: KeyOwner):
    key = owner.key()
    asked = owner.add(key).json["data"]["challenge"]
    signature = key.sign(asked["challenge_text"], asked["namespace"])
    assert owner.send(asked["key_id"], signature).status_code == 200

    assert kind_of(owner.send(asked["key_id"], signature)) == (400, "CHALLENGE_USED")


def test_a_new_challenge_voids_the_one_before(owner: KeyOwner):
    key = owner.key()
    first = owner.add(key).json["data"]["challenge"]
    second = owner.challenge(first["key_id"])

    assert kind_of(owner.prove(key, first)) == (400, "VERIFICATION_FAILED")
    assert owner.prove(key, second).status_code == 200


def test_a_challenge_is_good_for_ten_minutes(owner: KeyOwner, clock):
    key = owner.key()
    first = owner.add(key).json["data"]["challenge"]
    clock.shift(10 * MINUTE)
    late = owner.prove(key, first)
    second = owner.challenge(first["key_id"])
    clock.shift(9 * MINUTE)

    assert kind_of(late) == (400, "CHALLENGE_EXPIRED")
    assert owner.prove(key, second).status_code == 200


def test_the_proof_of_one_key_is_none_of_another_nor_of_another_account(owner, stranger):
    key = owner.key()
    mine = owner.add(key).json["data"]["challenge"]
    theirs = stranger.add(key).json["data"]["challenge"]
    signature = key.sign(mine["challenge_text"], mine["namespace"])

    assert kind_of(stranger.send(theirs["key_id"], signature)) == (400, "VERIFICATION_FAILED")
    assert owner.send(mine["key_id"], signature).status_code == 200


def test_of_many_answers_at_once_one_counts(owner: KeyOwner):
    key = owner.key()
    asked = owner.add(key).json["data"]["challenge"]
    body = {"signature": key.sign(asked["challenge_text"], asked["namespace"])}
    path = f"{KEYS}/{asked['key_id']}/verify"
    app = owner.http.application

    def answer(_number: int) -> int:
        return client_of(app).post(path, json=body, headers=owner.headers).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(answer, range(8)))

    assert sorted(statuses) == [200] + [400] * 7


def test_nobody_tries_for_ever(owner: KeyOwner):
    key = owner.key()
    asked = owner.add(key).json["data"]["challenge"]
    statuses = [owner.send(asked["key_id"], "junk").status_code for _ in range(11)]

    assert statuses == [400] * 10 + [429]


def test_the_old_command_line_asks_by_the_same_address(owner: KeyOwner):
    key = owner.key()
    path = f"{KEYS}/{owner.add(key).json['data']['id']}/verify"

    asked = owner.http.post(path, json={"action": "generate_challenge"}, headers=owner.headers)

    assert owner.prove(key, asked.json["data"]).status_code == 200
    neither = owner.http.post(path, json={}, headers=owner.headers)
    both = {"action": "generate_challenge", "signature": "x"}
    too_much = owner.http.post(path, json=both, headers=owner.headers)
    assert [neither.status_code, too_much.status_code] == [400, 400]


def test_nobody_uses_up_the_tries_of_somebody_else(owner: KeyOwner, stranger: KeyOwner):
    key = owner.key()
    asked = owner.add(key).json["data"]["challenge"]

    statuses = {stranger.send(asked["key_id"], "junk").status_code for _ in range(10)}

    assert statuses == {404}
    assert owner.prove(key, asked).status_code == 200
