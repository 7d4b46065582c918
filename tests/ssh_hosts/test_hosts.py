"""Hosts of an organization: added, changed, suspended, revoked and deleted by its admins."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.accounts.together import at_once
from tests.audit.record import assert_recorded, entry_of
from tests.conftest import client_of
from tests.ssh_hosts.grounds import NAME, Grounds

MAP = {"ubuntu": ["prod", "user:alice"], "root": []}


def test_a_host_has_names_accounts_and_a_life(grounds: Grounds):
    reply = grounds.create(NAME, "192.0.2.7", accounts=MAP, description="The first")

    assert reply.status_code == 201, reply.text
    host = reply.json["data"]["host"]
    assert (host["names"], host["accounts"]) == ([NAME, "192.0.2.7"], MAP)
    assert (host["state"], host["cert_validity_hours"]) == ("waiting", 720)
    assert (host["days_left"], host["renewal_due"], host["keys"]) == (None, False, [])
    assert grounds.read(host) == host
    assert_recorded(
        grounds.http,
        reply,
        "ssh_host.created",
        actor=grounds.admin.user_id,
        org=grounds.org.id,
        resource=host["id"],
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("names", []),
        ("names", [NAME, NAME]),
        ("names", ["*.example.com"]),
        ("names", ["DB1.example.com"]),
        ("names", [f"db{n}.example.com" for n in range(21)]),
        ("names", [None]),
        ("names", NAME),
        ("accounts", {"../root": ["prod"]}),
        ("accounts", {"ubuntu": ["a,b"]}),
        ("accounts", {"ubuntu": ["prod", "prod"]}),
        ("accounts", {"ubuntu": [f"p{n}" for n in range(101)]}),
        ("accounts", {f"a{n}": [] for n in range(51)}),
        ("accounts", {"ubuntu": "prod"}),
        ("cert_validity_hours", 0),
        ("cert_validity_hours", 365 * 24 + 1),
        ("cert_validity_hours", True),
        ("suspended", True),
    ],
)
def test_what_cannot_be_is_named(grounds: Grounds, field: str, wrong: object):
    """Threats 216 and 224."""
    reply = grounds.create(**{"names": [NAME], field: wrong})

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")
    assert list(reply.json["error"]["details"]) == [field]


def test_a_name_belongs_to_one_host(grounds: Grounds, elsewhere: Grounds):
    grounds.created(NAME, "db1")
    other = grounds.created("db2")

    again = grounds.create("db3", "db1", NAME)
    moved = grounds.change(other, names=["db2", "db1"])

    assert (again.status_code, again.json["error"]["type"]) == (409, "CONFLICT")
    assert again.json["error"]["details"] == {"names": ["db1", NAME]}
    assert moved.status_code == 409
    assert grounds.read(other)["names"] == ["db2"]
    assert elsewhere.create(NAME).status_code == 201


def test_of_many_who_want_a_name_at_once_one_gets_it(grounds: Grounds):
    app = grounds.http.application

    def create(number: int):
        body = {"names": [f"own{number}", "shared"]}
        return client_of(app).post(grounds.path, json=body, headers=grounds.as_admin).status_code

    statuses = at_once(*(lambda number=number: create(number) for number in range(6)))

    assert sorted(statuses) == [201] + [409] * 5


def test_what_is_sent_changes_and_the_rest_stays(grounds: Grounds):
    host = grounds.created(NAME, "db1", accounts=MAP)

    reply = grounds.change(host, names=["db1", "db9"], cert_validity_hours=24)

    changed = reply.json["data"]["host"]
    assert (changed["names"], changed["cert_validity_hours"]) == (["db1", "db9"], 24)
    assert changed["accounts"] == MAP
    entry = entry_of(grounds.http, reply)
    assert (entry.action, entry.details["fields"]) == (
        "ssh_host.changed",
        ["life_seconds", "names"],
    )
    assert grounds.create(NAME).status_code == 201


def test_a_host_can_be_suspended_for_a_while(grounds: Grounds):
    host = grounds.created()

    assert grounds.change(host, suspended=True).json["data"]["host"]["state"] == "suspended"
    assert grounds.change(host, suspended=False).json["data"]["host"]["state"] == "waiting"


def test_a_deleted_host_leaves_its_names(grounds: Grounds):
    host = grounds.created()
    reply = grounds.delete(host)

    assert reply.status_code == 200
    assert entry_of(grounds.http, reply).action == "ssh_host.deleted"
    assert grounds.change(host, suspended=True).status_code == 404
    assert grounds.created(NAME)["id"] != host["id"]


def test_a_revoked_host_is_so_until_it_is_enrolled_anew(grounds: Grounds):
    host = grounds.created()
    grounds.token(host)
    reply = grounds.revoke(host, reason="stolen")

    revoked = reply.json["data"]["host"]
    assert (revoked["state"], revoked["revocation_reason"]) == ("revoked", "stolen")
    assert revoked["enroll_token_expires_at"] is None
    assert entry_of(grounds.http, reply).details["reason"] == "stolen"
    again = grounds.revoke(host)
    assert (again.status_code, again.json["error"]["type"]) == (409, "ALREADY_REVOKED")


def test_hosts_are_listed_by_their_first_names(grounds: Grounds, elsewhere: Grounds):
    for names in (["b", "a1"], ["c"], ["a", "z"]):
        grounds.created(*names)
    elsewhere.created("d")

    listed = grounds.http.get(f"{grounds.path}?per_page=2", headers=grounds.as_admin).json

    assert [host["names"] for host in listed["data"]["hosts"]] == [["a", "z"], ["b", "a1"]]
    assert listed["data"]["count"] == 3


@pytest.mark.parametrize("verb", ["read", "change", "delete", "revoke", "ask_for_token"])
def test_hosts_of_others_are_not_found(grounds: Grounds, elsewhere: Grounds, verb: str):
    host = elsewhere.created()
    replies = {
        "read": lambda: grounds.http.get(f"{grounds.path}/{host['id']}", headers=grounds.as_admin),
        "change": lambda: grounds.change(host, suspended=True),
        "delete": lambda: grounds.delete(host),
        "revoke": lambda: grounds.revoke(host),
        "ask_for_token": lambda: grounds.ask_for_token(host),
    }

    assert replies[verb]().status_code == 404
    assert elsewhere.read(host) == host


def test_members_see_no_hosts(grounds: Grounds):
    grounds.created()
    listed = grounds.http.get(grounds.path, headers=grounds.as_member)
    made = grounds.http.post(grounds.path, json={"names": ["x"]}, headers=grounds.as_member)

    assert (listed.status_code, made.status_code) == (403, 403)


def test_a_token_is_told_once_and_ends_soon(grounds: Grounds):
    host = grounds.created()
    reply = grounds.ask_for_token(host)

    made = reply.json["data"]
    assert (reply.status_code, made["host_id"]) == (201, host["id"])
    assert made["token"].startswith("ghe_")
    assert grounds.read(host)["enroll_token_expires_at"] == made["expires_at"]
    entry = entry_of(grounds.http, reply)
    assert entry.action == "ssh_host.token_made"
    assert made["token"] not in str(entry.details)


def test_a_token_needs_a_fresh_sign_in(grounds: Grounds):
    host = grounds.created()
    stale = grounds.make.bearer(grounds.admin, signed_in_ago=timedelta(hours=1))
    reply = grounds.ask_for_token(host, stale)

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "REAUTHENTICATION_REQUIRED")


def test_there_is_no_host_of_an_unknown_id(grounds: Grounds):
    assert grounds.delete({"id": uuid4()}).status_code == 404
