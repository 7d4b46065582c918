"""Locking somebody out: certificates, sessions and tokens end, and no new certificate is signed."""

from typing import Any

import pytest

from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded, entry_of
from tests.ssh_certificates.offices import Office

ME = "/api/v1/auth/me"


@pytest.fixture
def office(client, make) -> Office:
    return Office(client, make)


def lock(office: Office, who: Any, headers: Any = None, **said: str) -> Any:
    path = f"/api/v1/organizations/{office.org.id}/users/{who.user_id}/lock"
    return office.http.post(path, json=said, headers=headers or office.as_admin)


def unlock(office: Office, who: Any, headers: Any = None) -> Any:
    path = f"/api/v1/organizations/{office.org.id}/users/{who.user_id}/lock"
    return office.http.delete(path, headers=headers or office.as_admin)


def test_who_is_locked_out_loses_certificates_and_sessions(office: Office):
    """Threat 218; 208."""
    told = office.signed()

    reply = lock(office, office.member, reason="laptop stolen")

    assert reply.status_code == 201, reply.text
    row = reply.json["data"]["lock"]
    assert (row["user_id"], row["reason"]) == (str(office.member.user_id), "laptop stolen")
    assert office.is_listed(told)
    assert office.http.get(ME, headers=office.as_member).status_code == 401
    assert_recorded(
        office.http,
        reply,
        "member.locked",
        actor=office.admin.user_id,
        target=office.member.user_id,
        org=office.org.id,
    )
    details = entry_of(office.http, reply).details
    assert (details["reason"], details["ssh_certificates_revoked"]) == ("laptop stolen", 1)


def test_signing_in_again_gives_no_certificate_before_the_lock_is_lifted(office: Office):
    told = office.signed()
    lock(office, office.member)
    again = office.make.bearer(office.member)
    assert office.refused(again)[:2] == (403, "USER_LOCKED")

    assert unlock(office, office.member).status_code == 200

    assert office.signed(again)["serial"] > told["serial"]
    assert office.is_listed(told)


def test_the_same_person_is_not_locked_elsewhere(office: Office, client, make):
    other = Office(client, make)
    person = make.user()
    there, here = (make.member(place.org, user=person) for place in (other, office))
    make.principal(other.org, there)
    make.ssh_key(there, other.key.blob)
    lock(office, here)

    headers = make.bearer(there)
    assert office.refused(headers, organization_id=str(office.org.id))[1] == "USER_LOCKED"
    assert other.signed(headers, organization_id=str(other.org.id))


def test_twice_is_once(office: Office):
    assert lock(office, office.member).status_code == 201
    assert lock(office, office.member).status_code == 409
    assert unlock(office, office.member).status_code == 200
    assert unlock(office, office.member).status_code == 409


def test_a_lock_holds_after_leaving_and_coming_again(office: Office):
    person = office.make.user()
    member = office.make.member(office.org, user=person)
    lock(office, member)
    base = f"/api/v1/organizations/{office.org.id}/members"
    gone = office.http.delete(f"{base}/{person.id}", headers=office.as_admin)
    assert gone.status_code == 200, gone.text
    again = office.make.member(office.org, user=person)
    office.make.principal(office.org, again, name="db")

    assert office.refused(office.make.bearer(again))[1] == "USER_LOCKED"


def test_ranks_hold(office: Office):
    """Threats 169, 174."""
    second = office.make.member(office.org, Role.OWNER)
    elsewhere = office.make.member(office.make.organization(), Role.OWNER)

    for who, headers, status in (
        (office.owner, office.as_admin, 403),
        (office.admin, office.as_admin, 400),
        (office.admin, office.as_member, 403),
        (office.member, office.make.bearer(elsewhere), 404),
        (elsewhere, office.as_admin, 404),
        (second, office.as_owner, 201),
    ):
        reply = lock(office, who, headers)
        assert reply.status_code == status, reply.text
