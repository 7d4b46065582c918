"""SSH keys: added, shown, changed, deleted."""

import pytest

from gatehouse.ssh_keys.service.keys import MOST_KEYS
from tests.audit.record import assert_recorded, entries_of, entry_of
from tests.ssh_keys.owners import KEYS, KeyOwner

MINUTE, HOUR = 60, 3600
SOON = "2031-01-01T00:00:00Z"


def test_a_key_is_kept_as_it_is_and_does_not_count_yet(owner: KeyOwner):
    key = owner.key(comment="ann@laptop")

    reply = owner.add(key, description="The blue one")

    assert reply.status_code == 201, reply.text
    made = reply.json["data"]
    assert made["fingerprint"] == key.fingerprint
    assert made["public_key"] == " ".join(key.public.split()[:2])
    assert (made["key_type"], made["key_bits"]) == ("ssh-ed25519", 256)
    assert (made["name"], made["key_comment"]) == ("ann@laptop", "ann@laptop")
    assert made["description"] == "The blue one"
    assert (made["state"], made["verified"], made["verified_at"]) == ("unverified", False, None)
    assert made["challenge"]["key_id"] == made["id"]
    assert_recorded(
        owner.http,
        reply,
        "ssh_key.added",
        actor=owner.user.id,
        target=owner.user.id,
        resource=made["id"],
    )


def test_the_same_key_again_is_the_one_that_is_there(owner: KeyOwner):
    key = owner.key()
    first = owner.add(key, name="Laptop").json["data"]

    again = owner.add(key, name="Another name")

    assert again.status_code == 200
    assert again.json["code"] == 200
    assert (again.json["data"]["id"], again.json["data"]["name"]) == (first["id"], "Laptop")
    assert entries_of(owner.http, again) == []
    assert owner.listed()["count"] == 1


def test_two_people_may_have_the_same_key_and_each_proves_it(owner: KeyOwner, stranger: KeyOwner):
    """Ruling 34."""
    key = owner.key()

    mine, theirs = owner.verified(key), stranger.verified(key)

    assert mine["fingerprint"] == theirs["fingerprint"]
    assert mine["id"] != theirs["id"]


def test_a_key_goes_by_its_old_name_too(owner: KeyOwner):
    reply = owner.http.post(KEYS, json={"key": owner.key().public}, headers=owner.headers)

    assert reply.status_code == 201, reply.text


@pytest.mark.parametrize(
    ("kind", "bits", "type_"),
    [
        ("ed25519", None, "ssh-ed25519"),
        ("ecdsa", 256, "ecdsa-sha2-nistp256"),
        ("ecdsa", 384, "ecdsa-sha2-nistp384"),
        ("ecdsa", 521, "ecdsa-sha2-nistp521"),
        ("rsa", 2048, "ssh-rsa"),
    ],
)
def test_keys_of_every_type_of_a_file_are_taken_and_proved(owner, kind, bits, type_):
    shown = owner.verified(owner.key(kind, bits=bits))

    assert (shown["key_type"], shown["state"]) == (type_, "verified")


@pytest.mark.parametrize(
    ("text", "type_", "reason"),
    [
        ("ssh-ed25519", "INVALID_PUBLIC_KEY", None),
        ("hello", "INVALID_PUBLIC_KEY", None),
        ("ssh-dss AAAAB3NzaC1kc3MAAACBAP", "UNSUPPORTED_KEY_TYPE", "dsa"),
        ("ssh-ed448 AAAACXNzaC1lZDQ0OA==", "UNSUPPORTED_KEY_TYPE", "unknown_type"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n", "INVALID_PUBLIC_KEY", "private_key"),
        ('command="x" {key}', "INVALID_PUBLIC_KEY", "options"),
        ("{key}\n{key}", "INVALID_PUBLIC_KEY", "not_one_line"),
    ],
)
def test_what_is_no_key_is_refused_with_the_reason(owner: KeyOwner, text, type_, reason):
    """Threat 220."""
    reply = owner.add(text.format(key=owner.key().public.strip()))

    error = reply.json["error"]
    assert (reply.status_code, error["type"]) == (400, type_)
    assert reason is None or error["details"]["reason"] == reason
    assert entry_of(owner.http, reply).details["reason"] == error["details"]["reason"]
    assert owner.listed()["keys"] == []


def test_a_weak_key_is_refused(owner: KeyOwner):
    reply = owner.add(owner.key("rsa", bits=1024))

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "WEAK_KEY")


def test_an_account_has_no_more_keys_than_it_needs(owner: KeyOwner):
    for _ in range(MOST_KEYS):
        assert owner.add(owner.key()).status_code == 201

    reply = owner.add(owner.key())

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")
    assert owner.listed()["count"] == MOST_KEYS


def test_a_key_gets_another_name_and_an_end(owner: KeyOwner, clock):
    made = owner.verified()
    path = f"{KEYS}/{made['id']}"

    sent = {"name": "Desk", "description": None, "expires_at": SOON}
    reply = owner.http.patch(path, json=sent, headers=owner.headers)

    assert reply.status_code == 200, reply.text
    shown = reply.json["data"]
    assert (shown["name"], shown["expires_at"]) == ("Desk", "2031-01-01T00:00:00.000000Z")
    assert entry_of(owner.http, reply).details["fields"] == ["name", "expires_at"]
    again = owner.http.patch(path, json=sent, headers=owner.headers)
    assert entries_of(owner.http, again) == []
    old = owner.http.patch(
        f"{path}/update-description", json={"description": "x"}, headers=owner.headers
    )
    assert old.json["data"]["description"] == "x"


def test_an_end_that_was_is_refused(owner: KeyOwner):
    made = owner.verified()
    sent = {"expires_at": "2020-01-01T00:00:00Z"}

    changed = owner.http.patch(f"{KEYS}/{made['id']}", json=sent, headers=owner.headers)
    added = owner.add(owner.key(), **sent)

    for reply in (changed, added):
        assert reply.status_code == 400
        assert list(reply.json["error"]["details"]) == ["expires_at"]


def test_an_expired_key_counts_no_more_and_is_proved_again(owner: KeyOwner, clock, make):
    made = owner.verified()
    path = f"{KEYS}/{made['id']}"
    owner.http.patch(path, json={"expires_at": SOON}, headers=owner.headers)
    clock.move_to("2031-01-01T00:00:00Z")
    owner.headers = make.bearer(owner.user)
    assert owner.read(made["id"])["state"] == "expired"

    reply = owner.http.patch(path, json={"expires_at": None}, headers=owner.headers)

    assert reply.json["data"]["state"] == "unverified"


def test_a_deleted_key_is_gone_and_may_come_again(owner: KeyOwner):
    key = owner.key()
    made = owner.verified(key)

    reply = owner.http.delete(f"{KEYS}/{made['id']}", headers=owner.headers)

    assert (reply.status_code, reply.json["data"]) == (200, {"status": "deleted"})
    assert_recorded(
        owner.http,
        reply,
        "ssh_key.deleted",
        actor=owner.user.id,
        target=owner.user.id,
        resource=made["id"],
    )
    assert owner.http.get(f"{KEYS}/{made['id']}", headers=owner.headers).status_code == 404
    assert owner.add(key).json["data"]["state"] == "unverified"


def test_a_key_of_somebody_else_is_none(owner: KeyOwner, stranger: KeyOwner):
    key = owner.key()
    added = owner.add(key).json["data"]
    path = f"{KEYS}/{added['id']}"
    signature = {"signature": key.sign("x", "y")}

    replies = [
        stranger.http.get(path, headers=stranger.headers),
        stranger.http.patch(path, json={"name": "mine"}, headers=stranger.headers),
        stranger.http.delete(path, headers=stranger.headers),
        stranger.http.get(f"{path}/verify", headers=stranger.headers),
        stranger.http.post(f"{path}/verify", json=signature, headers=stranger.headers),
    ]

    assert [reply.status_code for reply in replies] == [404] * 5
    assert stranger.listed()["keys"] == []
    assert owner.prove(key, added["challenge"]).status_code == 200
