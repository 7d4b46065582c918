"""Who gets no certificate, and what cannot be asked for."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.roles import Role
from tests.core.openssh.made_keys import SK_ED25519, blob_of
from tests.ssh_certificates.offices import PREVIEW, Office

REFUSALS = [
    ({"principals": []}, 403, "NO_PRINCIPALS"),
    ({"principals": ["web,root"]}, 400, "INVALID_PRINCIPAL"),
    ({"principals": ["*"]}, 400, "INVALID_PRINCIPAL"),
    ({"principals": ["root"]}, 403, "UNAUTHORIZED_PRINCIPALS"),
    ({"principals": ["Web"]}, 400, "INVALID_PRINCIPAL"),
    ({"principals": ["web\n"]}, 400, "INVALID_PRINCIPAL"),
    ({"principals": "web"}, 400, "VALIDATION_ERROR"),
    ({"ttl_seconds": 0}, 400, "TTL_TOO_LONG"),
    ({"ttl_seconds": -1}, 400, "TTL_TOO_LONG"),
    ({"ttl_seconds": 30 * 24 * 3600 + 1}, 400, "TTL_TOO_LONG"),
    ({"ttl_seconds": 10**12}, 400, "VALIDATION_ERROR"),
    ({"ttl_seconds": "1h"}, 400, "VALIDATION_ERROR"),
    ({"ttl_seconds": 2**70}, 400, "VALIDATION_ERROR"),
    ({"expiry_hours": "x"}, 400, "VALIDATION_ERROR"),
    ({"expiry_hours": 1e300}, 400, "VALIDATION_ERROR"),
    ({"expiry_hours": 721}, 400, "TTL_TOO_LONG"),
    ({"source_addresses": ["10.0.0.1/8"]}, 400, "INVALID_SOURCE_ADDRESS"),
    ({"source_addresses": ["10.0.0.0/8, 0.0.0.0/0"]}, 400, "INVALID_SOURCE_ADDRESS"),
    ({"extensions": ["permit-everything"]}, 403, "EXTENSION_NOT_ALLOWED"),
    ({"extensions": ["permit-pty", "permit-pty"]}, 201, ""),
    ({"key_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, 404, "NOT_FOUND"),
    ({"key_id": "x"}, 400, "VALIDATION_ERROR"),
    ({"valid_after": "2000-01-01T00:00:00Z"}, 400, "VALIDATION_ERROR"),
    ({"serial": 7}, 400, "VALIDATION_ERROR"),
    ({"kind": "host"}, 400, "VALIDATION_ERROR"),
    ({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, 400, "VALIDATION_ERROR"),
    ({"force_command": "id"}, 400, "VALIDATION_ERROR"),
    ({"clamp": True, "ttl_seconds": 10**9}, 201, ""),
]


def test_what_cannot_be_asked_for_is_refused_by_name(office: Office):
    """Threats 173, 214, 216, 217."""
    for wish, status, kind in REFUSALS:
        reply = office.ask(**wish)
        told = reply.json["error"]["type"] if reply.status_code != 201 else ""
        assert (reply.status_code, told) == (status, kind), wish
    stored = len(office.listed())
    assert stored == sum(status == 201 for _, status, _ in REFUSALS)


OVER = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "why"), [({"verified_at": None}, "unverified"), ({"expires_at": OVER}, "expired")]
)
def test_a_key_that_does_not_count_is_not_certified(office: Office, fields, why: str):
    """Threat 220."""
    key = office.key_of(office.member, name="other", **fields)

    told = office.refused(key_id=str(key.id))

    assert told == (409, "KEY_NOT_VERIFIED", {"why": why})


def test_without_a_proved_key_there_is_nothing_to_certify(office: Office):
    someone = office.make.member(office.org)
    office.make.principal(office.org, someone)
    office.key_of(someone, verified_at=None)

    assert office.refused(office.make.bearer(someone))[:2] == (400, "NO_VERIFIED_KEYS")


def test_the_key_proved_last_is_meant_where_none_is_named(office: Office):
    later = office.key_of(office.member, name="a")
    office.key_of(office.member, name="c", verified_at=OVER)
    office.key_of(office.member, name="b", verified_at=None)

    assert office.signed()["ssh_key_id"] == str(later.id)


def test_a_short_rsa_key_may_be_registered_and_is_not_certified(office: Office):
    """Ruling 35; threat 220."""
    blob = blob_of(rsa.generate_private_key(65537, 2048).public_key())
    key = office.make.ssh_key(office.member, blob)

    assert office.refused(key_id=str(key.id)) == (400, "WEAK_KEY", {"min_bits": 3072})
    path = f"/api/v1/organizations/{office.org.id}/ssh/policy"
    office.http.put(path, json={"min_rsa_bits": 2048}, headers=office.as_admin)
    assert office.signed(key_id=str(key.id))["ssh_key_id"] == str(key.id)


def test_a_key_of_somebody_else_is_not_found(office: Office):
    other = office.make.member(office.org)
    key = office.key_of(other)

    assert office.refused(key_id=str(key.id))[:2] == (404, "NOT_FOUND")


def test_an_authority_is_not_certified(office: Office):
    """Threat 220: neither by itself nor by another one."""
    blob = read_public_key(office.ca["public_key"]).blob
    key = office.make.ssh_key(office.member, blob)

    assert office.refused(key_id=str(key.id))[:2] == (400, "INVALID_PUBLIC_KEY")
    assert office.listed() == []


@pytest.mark.parametrize("demand", ["require_fido", "require_pin"])
def test_hardware_is_demanded(office: Office, demand: str):
    ops = office.make.department(office.org, office.member)
    office.make.principal(office.org, ops, name="db")
    office.policy(ops, **{demand: True})
    hard = office.key_of(office.member, SK_ED25519, name="hard", proved_with_pin=True)

    assert office.refused(principals=["db"], key_id=str(office.key.id))[1] == "FIDO_KEY_REQUIRED"
    told = office.signed(principals=["db"], key_id=str(hard.id))
    assert ("verify-required" in told["critical_options"]) == (demand == "require_pin")


def test_who_may_not_ask_gets_nothing(office: Office, elsewhere: Office):
    """Threats 218, 222."""
    guest = office.make.member(office.org, Role.GUEST)
    office.make.principal(office.org, guest)
    office.key_of(guest)
    there = str(office.org.id)

    assert office.refused(office.make.bearer(guest), organization_id=there)[0] == 403
    assert office.refused(elsewhere.as_owner, organization_id=there)[:2] == (404, "NOT_FOUND")
    assert office.refused({"X-Nobody": "1"})[0] == 401


def test_an_organization_that_is_switched_off_signs_nothing(office: Office):
    """Threat 180."""
    office.make.change(office.org, is_active=False)

    assert office.refused()[:2] == (404, "NOT_FOUND")
    assert office.refused(at=PREVIEW)[:2] == (404, "NOT_FOUND")


def test_a_role_gives_no_principals(office: Office):
    office.key_of(office.owner)

    assert office.refused(office.as_owner)[:2] == (403, "NO_PRINCIPALS")
    path = f"/api/v1/organizations/{office.org.id}/ssh/policy"
    office.make.principal(office.org, name="root")
    sent = {"admins_get_all_principals": True}
    assert office.http.put(path, json=sent, headers=office.as_owner).status_code == 200
    assert office.signed(office.as_owner)["principals"] == ["deploy", "web"]


def test_an_authority_signs_for_who_is_named(office: Office):
    """Threat 222: permission rows are read."""
    path = f"{office.path}/{office.ca['id']}/permissions"
    someone = office.make.member(office.org)
    given = {"user_id": str(someone.user_id)}
    office.http.post(path, json=given, headers=office.as_admin)

    assert office.refused()[:2] == (403, "CA_PERMISSION_DENIED")
    office.http.post(path, json={"user_id": str(office.member.user_id)}, headers=office.as_admin)
    assert office.signed()["serial"] == 1


def test_without_an_authority_there_is_503(office: Office):
    path = f"{office.path}/{office.ca['id']}"
    assert office.http.delete(path, json={"force": True, "reason": "test"}, headers=office.as_owner)

    assert office.refused()[:2] == (503, "CA_NOT_CONFIGURED")


def test_a_host_authority_signs_for_no_person(office: Office):
    """Threat 215."""
    place = office.make.organization()
    owner = office.make.member(place, Role.OWNER)
    office.key_of(owner)
    office.make.principal(place, owner)
    headers = office.make.bearer(owner)
    path = f"/api/v1/organizations/{place.id}/cas"
    made = office.http.post(path, json={"name": "H", "ca_type": "host"}, headers=headers)
    assert made.status_code == 201, made.text

    assert office.refused(headers)[:2] == (503, "CA_NOT_CONFIGURED")


def test_what_was_taken_away_is_not_in_the_next_one(office: Office):
    """Threats 181, 221."""
    assert office.signed()["principals"] == ["deploy", "web"]
    base = f"/api/v1/organizations/{office.org.id}/principals/{office.web.id}"
    gone = office.http.delete(f"{base}/members/{office.member.user_id}", headers=office.as_admin)
    assert gone.status_code == 200, gone.text

    assert office.signed()["principals"] == ["deploy"]
    assert office.refused(principals=["web"])[1] == "UNAUTHORIZED_PRINCIPALS"
