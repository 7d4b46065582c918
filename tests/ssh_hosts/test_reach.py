"""SSH-18: a key signs once the machines believe it, and whoever activates it sees how many do."""

from datetime import timedelta

import pytest

from gatehouse.scheduler.service import run_once
from tests.ssh_hosts.grounds import Grounds


def rotate(grounds: Grounds, **said: object):
    ca = grounds.authority("user")
    path = f"/api/v1/organizations/{grounds.org.id}/cas/{ca['id']}"
    reply = grounds.http.post(f"{path}/rotate", json=said, headers=grounds.as_admin)
    return path, reply


def read(grounds: Grounds, path: str):
    return grounds.http.get(path, headers=grounds.as_admin).json["data"]["ca"]


@pytest.mark.parametrize("said", [{"after_sync": True}, {"activate": "after_sync"}])
def test_the_next_key_waits_for_the_last_machine(grounds: Grounds, machine_of, runtime, said):
    first, second = machine_of(), machine_of()
    for machine, name in ((first, "a.example.com"), (second, "b.example.com")):
        machine.enrolled(grounds.token(grounds.created(name)))
    path, reply = rotate(grounds, **said)
    assert reply.status_code == 200, reply.text
    assert read(grounds, path)["reach"] == {"hosts": 2, "up_to_date": 0}

    for machine, done in ((first, False), (second, True)):
        told = machine.sync().json["data"]
        machine.sync(bundle=told["bundle"], krl_version=told["krl_version"])
        run_once(runtime, runtime.jobs["advance_ssh_keys"])
        states = {key["state"] for key in read(grounds, path)["keys"]}
        assert (states == {"active", "retiring"}) == done

    assert read(grounds, path)["reach"]["hosts"] == 2


def test_where_none_is_enrolled_all_get_the_time_to_fetch_it(grounds: Grounds, runtime, clock):
    path, _ = rotate(grounds, activate="after_sync")

    for minutes, states in ((0, {"active", "next"}), (10, {"active", "retiring"})):
        clock.shift(timedelta(minutes=minutes))
        grounds.sign_in()
        run_once(runtime, runtime.jobs["advance_ssh_keys"])
        assert {key["state"] for key in read(grounds, path)["keys"]} == states


def test_it_is_said_in_one_way(grounds: Grounds):
    at = "2031-01-01T00:00:00Z"
    for said in ({"after_sync": True, "activate_at": at}, {"activate": "sometimes"}):
        _, reply = rotate(grounds, **said)
        assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR"), said
    path, reply = rotate(grounds, activate=at)
    assert reply.status_code == 200
    [key] = [key for key in read(grounds, path)["keys"] if key["state"] == "next"]
    assert key["activate_at"].startswith("2031-01-01")
