"""Keys that an organization revokes, pardons, or may not revoke; and how long one is good."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tests.ssh_certificates.offices import Office


def test_a_revoked_key_is_in_no_new_certificate(office: Office):
    """Ruling 34: whoever has it; and machines refuse it by its hash."""
    someone = office.make.member(office.org)
    office.make.principal(office.org, someone)
    office.make.ssh_key(someone, office.key.blob)
    theirs, mine = office.signed(office.make.bearer(someone)), office.signed()

    assert (
        office.revoke_all(key_fingerprint=mine["fingerprint"], reason="stolen").status_code == 200
    )

    assert office.is_listed(mine)
    assert office.is_listed(theirs)
    assert office.krl().sha256 == {sha256(office.key.blob).digest()}
    for headers in (office.as_member, office.make.bearer(someone)):
        told = office.refused(headers, key_id=None)
        assert told == (409, "KEY_NOT_VERIFIED", {"why": "revoked"})
    again = office.revoke_all(key_fingerprint=mine["fingerprint"])
    assert (again.status_code, again.json["error"]["type"]) == (409, "ALREADY_REVOKED")


def test_a_key_is_pardoned_and_its_certificates_are_not(office: Office):
    told = office.signed()
    office.revoke_all(key_fingerprint=told["fingerprint"], reason="stolen")
    path = f"/api/v1/organizations/{office.org.id}/ssh/revoked-keys"
    [row] = office.http.get(path, headers=office.as_admin).json["data"]["revoked_keys"]
    assert (row["fingerprint"], row["reason"]) == (told["fingerprint"], "stolen")

    gone = office.http.delete(f"{path}/{row['id']}", headers=office.as_admin)

    assert gone.status_code == 200, gone.text
    assert office.krl().sha256 == set()
    assert office.is_listed(told)
    assert office.signed()["serial"] == told["serial"] + 1
    twice = office.http.delete(f"{path}/{row['id']}", headers=office.as_admin)
    assert twice.status_code == 404


@pytest.mark.parametrize("whose", ["active", "next", "elsewhere"])
def test_the_key_of_an_authority_is_not_ended_as_if_it_were_somebodys(
    office: Office, elsewhere: Office, whose: str
):
    """Threat 227: it would sign on, and machines would refuse all that it signs."""
    office.rotate(office.ca)
    keys = {"elsewhere": elsewhere.ca["fingerprint"]} | {
        key["state"]: key["fingerprint"] for key in office.read(office.ca)["keys"]
    }

    reply = office.revoke_all(key_fingerprint=keys[whose])

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")
    assert list(reply.json["error"]["details"]) == ["key_fingerprint"]
    assert not office.is_listed(office.signed())
    path = f"/api/v1/organizations/{office.org.id}/ssh/revoked-keys"
    assert office.http.get(path, headers=office.as_admin).json["data"]["revoked_keys"] == []


def test_no_certificate_is_good_for_longer_than_its_key(office: Office):
    """Threat 217: wherever the end of that is moved to."""
    path = f"/api/v1/ssh/keys/{office.key.id}"
    short, long = office.signed(ttl_seconds=600), office.signed(ttl_seconds=7200)
    in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    reply = office.http.patch(path, json={"expires_at": in_an_hour}, headers=office.as_member)

    assert reply.status_code == 200, reply.text
    assert (office.is_listed(short), office.is_listed(long)) == (False, True)
    reply = office.http.patch(path, json={"expires_at": None}, headers=office.as_member)
    assert reply.status_code == 200, reply.text
    assert (office.is_listed(short), office.is_listed(long)) == (False, True)
