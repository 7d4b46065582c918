"""What a host fetches again and again, and what its admins see of that (SSH-21, SSH-25)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from gatehouse.audit.models import AuditEntry
from gatehouse.core.tokens import mint
from gatehouse.scheduler.service import run_once
from gatehouse.ssh_hosts.models import HostToken
from tests.ssh_hosts.grounds import Grounds

MAP = {"ubuntu": ["prod"], "root": []}


@pytest.fixture
def host(grounds: Grounds):
    return grounds.created(accounts=MAP)


@pytest.fixture
def machine(grounds: Grounds, machine_of, host):
    machine = machine_of()
    machine.enrolled(grounds.token(host))
    return machine


def test_a_host_fetches_all_that_it_needs(grounds: Grounds, machine, host):
    told = machine.sync().json["data"]

    assert (told["host_id"], told["names"], told["principals"]) == (
        host["id"],
        host["names"],
        MAP,
    )
    assert told["user_ca"] == [grounds.authority("user")["public_key"]]
    assert told["host_ca"] == [grounds.authority("host")["public_key"]]
    assert (told["krl_version"], told["renewal_due"]) == (1, False)
    assert told["krl_url"].endswith(f"/api/v1/ssh/orgs/{grounds.org.id}/krl")


def test_who_has_it_already_is_told_so(machine):
    first = machine.sync()
    again = machine.sync(tag=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "no-store" in first.headers["Cache-Control"]


@pytest.mark.parametrize("what", ["accounts", "names", "authority", "krl"])
def test_what_changes_is_fetched(grounds: Grounds, machine, host, what: str):
    first = machine.sync()
    if what == "accounts":
        grounds.change(host, accounts={"ubuntu": ["dev"]})
    elif what == "names":
        grounds.change(host, names=[*host["names"], "db1"])
    elif what == "authority":
        ca = grounds.authority("user")
        path = f"/api/v1/organizations/{grounds.org.id}/cas/{ca['id']}/rotate"
        assert grounds.http.post(path, json={}, headers=grounds.as_admin).status_code == 200
    else:
        other = grounds.created("db2")
        grounds.revoke_key(f"SHA256:{'A' * 43}")
        grounds.delete(other)

    again = machine.sync(tag=first.headers["ETag"])

    assert again.status_code == 200
    changed = {"accounts": "principals", "authority": "bundle", "krl": "krl_version"}
    name = changed.get(what, what)
    assert again.json["data"][name] != first.json["data"][name]


@pytest.mark.parametrize(
    "credential", ["", "x", "ghh_junk", "unknown", "another", "session", "token"]
)
def test_only_the_host_itself_is_told(grounds: Grounds, machine, machine_of, credential: str):
    other = machine_of()
    other.enrolled(grounds.token(grounds.created("db2")))
    shown = {
        "unknown": lambda: mint("ghh_"),
        "another": lambda: other.credential,
        "session": lambda: grounds.as_admin["Authorization"].partition(" ")[2],
        "token": lambda: grounds.token(grounds.created("db3")),
    }.get(credential, lambda: credential)()

    path = f"/api/v1/ssh/hosts/{machine.host_id}/sync"
    reply = machine.http.get(path, headers={"Authorization": f"Bearer {shown}"} if shown else {})

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "UNAUTHORIZED")
    assert "WWW-Authenticate" in reply.headers


def test_a_suspended_host_still_hears_what_is_revoked(grounds: Grounds, machine, host):
    grounds.change(host, suspended=True)
    reply = machine.sync()

    assert (reply.status_code, reply.json["data"]["renewal_due"]) == (200, False)


def test_when_it_is_due_it_is_told(machine, clock):
    clock.shift(timedelta(days=19))
    assert machine.sync().json["data"]["renewal_due"] is False
    clock.shift(timedelta(days=1, seconds=1))
    assert machine.sync().json["data"]["renewal_due"] is True


def test_a_new_name_makes_it_due(grounds: Grounds, machine, host):
    grounds.change(host, names=[*host["names"], "db1"])
    assert machine.sync().json["data"]["renewal_due"] is True
    assert machine.renew().status_code == 201
    assert machine.sync().json["data"]["renewal_due"] is False


def test_its_admins_see_when_it_was_here_and_with_what(grounds: Grounds, machine, host, clock):
    assert grounds.read(host)["last_seen_at"] is None
    told = machine.sync().json["data"]
    first = grounds.read(host)
    clock.shift(timedelta(seconds=59))
    machine.sync()
    assert grounds.read(host) == first

    machine.sync(krl_version=told["krl_version"], bundle=told["bundle"])

    seen = grounds.read(host)
    assert seen["last_seen_at"] > first["last_seen_at"]
    assert (seen["last_seen_krl_version"], seen["last_seen_bundle"]) == (1, told["bundle"])
    clock.shift(timedelta(seconds=60))
    machine.sync(krl_version=1, bundle=told["bundle"])
    assert grounds.read(host)["last_seen_at"] > seen["last_seen_at"]


@pytest.mark.parametrize(
    "query", [{"krl_version": -1}, {"krl_version": 2**63}, {"bundle": "x"}, {"krl_version": "x"}]
)
def test_what_it_cannot_have_is_refused(machine, query: dict):
    assert machine.sync(**query).status_code == 400


def told_of(db, host) -> list[str]:
    """What is on record of a host beside what admins did."""
    rows = select(AuditEntry.action).where(
        AuditEntry.resource_id == UUID(host["id"]), AuditEntry.action.like("ssh_host.certificate%")
    )
    return list(db.scalars(rows.order_by(AuditEntry.id)))


def test_a_host_that_does_not_renew_is_on_record_once(
    grounds: Grounds, machine, host, clock, runtime, db
):
    """SSH-21."""
    watch = runtime.jobs["watch_ssh_hosts"]
    clock.shift(timedelta(days=19))
    run_once(runtime, watch)
    assert told_of(db, host) == []
    clock.shift(timedelta(days=2))
    run_once(runtime, watch)
    run_once(runtime, watch)
    db.rollback()
    assert told_of(db, host) == ["ssh_host.certificate_due"]
    clock.shift(timedelta(days=10))
    run_once(runtime, watch)
    run_once(runtime, watch)
    db.rollback()
    assert told_of(db, host) == ["ssh_host.certificate_due", "ssh_host.certificate_expired"]
    grounds.sign_in()
    assert grounds.read(host)["state"] == "expired"


def test_a_host_that_renews_is_not(machine, host, clock, runtime, db):
    clock.shift(timedelta(days=21))
    assert machine.renew().status_code == 201
    run_once(runtime, runtime.jobs["watch_ssh_hosts"])

    assert told_of(db, host) == []


def test_tokens_go_a_week_after_their_end(grounds: Grounds, host, clock, runtime, db):
    grounds.token(host)
    own = select(func.count()).select_from(HostToken).where(HostToken.host_id == UUID(host["id"]))
    purge = runtime.jobs["purge_ssh_host_tokens"]
    clock.shift(timedelta(days=6))
    run_once(runtime, purge)
    before = db.scalar(own)
    clock.shift(timedelta(days=2))
    run_once(runtime, purge)
    db.rollback()

    assert (before, db.scalar(own)) == (1, 0)
