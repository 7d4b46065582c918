"""The life of an authority's key: next, active, retiring, retired, compromised."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from gatehouse.scheduler.service import run_once
from gatehouse.ssh_ca.models import AuthorityKey
from gatehouse.ssh_ca.service.rotation import MARGIN
from tests.accounts.together import at_once
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.ssh_ca.places import Place


def states(place: Place, ca) -> list[str]:
    return [key["state"] for key in place.read(ca)["keys"]]


def rows(runtime, ca) -> dict[str, AuthorityKey]:
    with runtime.reading() as db:
        found = db.scalars(select(AuthorityKey).where(AuthorityKey.authority_id == UUID(ca["id"])))
        return {row.fingerprint: row for row in found}


def test_the_next_key_signs_once_it_is_activated(place: Place, runtime):
    """SSH-17, SSH-18, threat 227."""
    made = place.created()
    reply = place.rotate(made, reason="yearly", key_type="ecdsa-p256")
    assert reply.status_code == 200, reply.text
    told = reply.json["data"]
    assert told["old_fingerprint"] == told["ca"]["fingerprint"] == made["fingerprint"]
    assert (told["ca"]["rotation_reason"], states(place, made)) == ("yearly", ["active", "next"])

    [successor] = place.keys(made, "next")
    done = place.act(made, successor, "activate")

    assert done.status_code == 200, done.text
    assert done.json["data"]["ca"]["fingerprint"] == successor["fingerprint"]
    assert states(place, made) == ["active", "retiring"]
    assert rows(runtime, made)[made["fingerprint"]].private_sealed is not None
    actions = [entry.action for entry in entries_of(place.http, done)]
    assert actions == ["ssh_authority.key_activated"]


def test_there_is_one_next_key(place: Place):
    made = place.created()
    app = place.http.application
    path = f"{place.path}/{made['id']}/rotate"

    statuses = at_once(
        *(
            lambda: client_of(app).post(path, json={}, headers=place.as_admin).status_code
            for _ in range(6)
        )
    )

    assert sorted(statuses) == [200] + [409] * 5
    assert place.rotate(made).json["error"]["type"] == "ROTATION_IN_PROGRESS"


def test_of_many_activations_one_is_done(place: Place):
    made = place.created()
    place.rotate(made)
    [successor] = place.keys(made, "next")
    app = place.http.application
    path = f"{place.path}/{made['id']}/keys/{successor['id']}/activate"

    statuses = at_once(
        *(lambda: client_of(app).post(path, headers=place.as_owner).status_code for _ in range(6))
    )

    assert sorted(statuses) == [200] + [409] * 5
    assert states(place, made) == ["active", "retiring"]


@pytest.mark.parametrize(
    ("verb", "state", "may"),
    [
        ("activate", "active", False),
        ("activate", "retiring", False),
        ("activate", "retired", False),
        ("activate", "compromised", False),
        ("retire", "active", False),
        ("retire", "next", True),
        ("retire", "retiring", True),
        ("retire", "retired", False),
        ("compromise", "next", True),
        ("compromise", "active", True),
        ("compromise", "retiring", True),
        ("compromise", "retired", True),
        ("compromise", "compromised", False),
    ],
)
def test_what_may_become_of_a_key(place: Place, verb: str, state: str, may):
    made = place.created()
    place.rotate(made)
    [first], [second] = place.keys(made, "active"), place.keys(made, "next")
    if state in ("retiring", "retired"):
        place.act(made, second, "activate")
    if state == "retired":
        place.act(made, first, "retire")
    if state == "compromised":
        place.act(made, first, "compromise", reason="lost")
    key = second if state == "next" else first

    said = {"reason": "a test"} if verb == "compromise" else {}
    reply = place.act(made, key, verb, **said)

    if may:
        assert reply.status_code == 200, reply.text
    else:
        error = reply.json["error"]
        assert (reply.status_code, error["type"]) == (409, "CA_KEY_STATE")
        assert error["details"] == {"state": state}


@pytest.mark.parametrize("has_next", [True, False])
def test_the_red_button_ends_a_key_and_signing_goes_on(place: Place, runtime, has_next):
    made = place.created()
    if has_next:
        place.rotate(made)
    [bad] = place.keys(made, "active")

    reply = place.act(made, bad, "compromise", reason="found on a server")

    assert reply.status_code == 200, reply.text
    told = reply.json["data"]["ca"]
    assert told["is_active"] is True
    assert told["fingerprint"] != bad["fingerprint"]
    row = rows(runtime, made)[bad["fingerprint"]]
    assert (row.private_sealed, row.key_sealed, row.reason) == (None, None, "found on a server")
    actions = [entry.action for entry in entries_of(place.http, reply)]
    assert actions == ["ssh_authority.key_compromised", "ssh_authority.key_activated"]


def test_only_owners_press_it(place: Place):
    made = place.created()
    path = f"{place.path}/{made['id']}/keys/{made['keys'][0]['id']}/compromise"

    reply = place.http.post(path, json={"reason": "x"}, headers=place.as_admin)

    assert reply.status_code == 403


def test_a_key_takes_over_when_it_was_said(place: Place, runtime, clock):
    made = place.created()
    at = datetime.now(UTC) + timedelta(hours=1)
    place.rotate(made, activate_at=at.isoformat())
    run_once(runtime, runtime.jobs["advance_ssh_keys"])
    assert states(place, made) == ["active", "next"]

    clock.move_to(at)
    place.sign_in()
    run_once(runtime, runtime.jobs["advance_ssh_keys"])

    assert states(place, made) == ["active", "retiring"]


def test_a_key_retires_once_nothing_of_it_is_left(place: Place, runtime, clock):
    made = place.created()
    place.rotate(made)
    place.act(made, place.keys(made, "next")[0], "activate")
    ends = datetime.now(UTC) + timedelta(hours=2)
    [old] = place.keys(made, "retiring")
    with runtime.engine.begin() as db:
        its = AuthorityKey.fingerprint == old["fingerprint"]
        db.execute(update(AuthorityKey).where(its).values(last_expiry=ends))

    for moment, expected in ((ends, "retiring"), (ends + MARGIN, "retired")):
        clock.move_to(moment)
        place.sign_in()
        run_once(runtime, runtime.jobs["advance_ssh_keys"])
        assert states(place, made) == ["active", expected]
    assert rows(runtime, made)[old["fingerprint"]].private_sealed is None


@pytest.mark.parametrize("of_type", ["ed25519", "ecdsa-p384", "rsa-3072"])
def test_the_next_key_is_of_the_kind_of_the_one_before(place: Place, of_type: str):
    """Machines may take signatures of no other (CASignatureAlgorithms)."""
    made = place.created(key_type=of_type)
    [first] = place.keys(made, "active")

    assert place.act(made, first, "compromise", reason="lost").status_code == 200
    place.rotate(made)

    assert {key["key_type"] for key in place.read(made)["keys"]} == {first["key_type"]}
    assert len(place.read(made)["keys"]) == 3


def test_another_kind_may_be_asked_for(place: Place):
    made = place.created(key_type="ecdsa-p256")
    place.rotate(made, key_type="ed25519")
    assert [key["key_type"] for key in place.keys(made, "next")] == ["ssh-ed25519"]


@pytest.mark.parametrize("minutes", [-1_000_000, 0, 9])
def test_machines_get_the_time_to_fetch_a_key(place: Place, minutes: int):
    """SSH-18; and whoever may rotate is not whoever may activate."""
    made = place.created()
    at = datetime.now(UTC) + timedelta(minutes=minutes)

    reply = place.rotate(made, activate_at=at.isoformat())

    assert (reply.status_code, list(reply.json["error"]["details"])) == (400, ["activate_at"])
    assert states(place, made) == ["active"]


def test_the_other_address_does_the_same(place: Place):
    made = place.created()
    path = f"{place.path}/{made['id']}/rotate-key"
    reply = place.http.post(path, json={"reason": "yearly"}, headers=place.as_admin)
    assert reply.status_code == 200, reply.text
    assert reply.json["data"]["old_fingerprint"] == made["fingerprint"]
    assert states(place, made) == ["active", "next"]
