"""Revoking: by certificate, holder, key, principal, time, signer; and what revokes by itself."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded, entry_of
from tests.ssh_certificates.offices import Office


def test_a_revoked_certificate_stands_in_the_next_list(office: Office):
    """SSH-14: in the same act, with a version that is one more, under another tag."""
    bad, good = office.signed(), office.signed()
    before = office.http.get(f"/api/v1/ssh/orgs/{office.org.slug}/krl")

    reply = office.revoke(bad["id"], reason="lost the laptop")

    assert reply.status_code == 200, reply.text
    told = reply.json["data"]
    assert (told["status"], told["cert_id"]) == ("revoked", bad["id"])
    after = office.http.get(f"/api/v1/ssh/orgs/{office.org.slug}/krl")
    versions = [int(each.headers["X-KRL-Version"]) for each in (before, after)]
    assert versions[1] == versions[0] + 1 == told["krl_version"]
    assert before.headers["ETag"] != after.headers["ETag"]
    assert (office.is_listed(bad), office.is_listed(good)) == (True, False)
    rows = {row["id"]: row for row in office.listed()}
    assert [rows[each["id"]]["state"] for each in (bad, good)] == ["revoked", "valid"]
    assert rows[bad["id"]]["revocation_reason"] == "lost the laptop"
    assert_recorded(
        office.http,
        reply,
        "ssh_certificate.revoked",
        actor=office.member.user_id,
        target=office.member.user_id,
        org=office.org.id,
        resource=bad["id"],
    )


def test_once_is_enough(office: Office):
    told = office.signed()
    assert office.revoke(told["id"]).status_code == 200

    again = office.revoke(told["id"])

    assert (again.status_code, again.json["error"]["type"]) == (409, "ALREADY_REVOKED")


def test_what_is_over_need_not_be_revoked(office: Office, clock):
    told = office.signed(ttl_seconds=60)
    clock.shift(60 + 16 * 60)

    reply = office.revoke(told["id"], office.make.bearer(office.member))

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "CERTIFICATE_EXPIRED")


def test_one_revokes_ones_own_and_admins_those_of_all(office: Office, elsewhere: Office):
    """Threat 219."""
    mine, hers, again = office.signed(), elsewhere.signed(), office.signed()
    other = office.make.bearer(office.make.member(office.org))
    paths = {"own": f"/api/v1/ssh/certificates/{mine['id']}/revoke"}
    paths["admin"] = f"{office.certificates}/{mine['id']}/revoke"

    for path, headers, status in (
        (paths["own"], other, 404),
        (paths["own"], elsewhere.as_owner, 404),
        (f"/api/v1/ssh/certificates/{again['id']}/revoke", office.as_admin, 200),
        (paths["admin"], other, 403),
        (paths["admin"], office.as_member, 403),
        (paths["admin"], elsewhere.as_owner, 404),
        (f"{elsewhere.certificates}/{mine['id']}/revoke", elsewhere.as_owner, 404),
        (f"{office.certificates}/{hers['id']}/revoke", office.as_admin, 404),
        (paths["admin"], office.as_admin, 200),
    ):
        assert office.http.post(path, json={}, headers=headers).status_code == status, path
    assert not elsewhere.krl().serials


def other_one(office: Office):
    """Somebody else of the organization with a certificate."""
    someone = office.make.member(office.org)
    office.make.principal(office.org, someone, name="db")
    office.key_of(someone)
    return someone, office.signed(office.make.bearer(someone))


@pytest.mark.parametrize(
    "by", ["user_id", "key_fingerprint", "principal", "issued_before", "ca_key_id"]
)
def test_many_are_revoked_by_what_they_have_in_common(office: Office, by: str):
    """SSH-16."""
    _, other = other_one(office)
    mine = [office.signed(), office.signed(principals=["web"])]
    what = {
        "user_id": (str(office.member.user_id), mine),
        "key_fingerprint": (mine[0]["fingerprint"], mine),
        "principal": ("deploy", mine[:1]),
        "issued_before": (mine[0]["created_at"], [other]),
        "ca_key_id": (office.keys(office.ca, "active")[0]["id"], [*mine, other]),
    }
    said, gone = what[by]

    reply = office.revoke_all(**{by: said}, reason="a test")

    assert reply.status_code == 200, reply.text
    assert reply.json["data"]["revoked"] == len(gone)
    found = {each["id"] for each in (*mine, other) if office.is_listed(each)}
    assert found == {each["id"] for each in gone}
    assert office.krl().version == reply.json["data"]["krl_version"]
    details = entry_of(office.http, reply).details
    assert (details["by"], details["count"], details["reason"]) == (by, len(gone), "a test")


def test_all_that_is_said_has_to_hold(office: Office):
    first, second = office.signed(), office.signed(principals=["web"])
    said = {"user_id": str(office.member.user_id), "principal": "deploy"}

    assert office.revoke_all(**said).json["data"]["revoked"] == 1
    assert (office.is_listed(first), office.is_listed(second)) == (True, False)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"reason": "x"},
        {"user_id": "x"},
        {"key_fingerprint": "MD5:00"},
        {"key_fingerprint": "SHA256:" + "A" * 42 + "B"},
        {"issued_before": "yesterday"},
        {"all": True},
    ],
)
def test_what_is_to_be_revoked_must_be_said(office: Office, said):
    assert office.revoke_all(**said).status_code == 400


def test_many_are_revoked_by_an_admin_who_has_just_signed_in(office: Office):
    said = {"user_id": str(office.member.user_id)}
    assert office.revoke_all(office.as_member, **said).status_code == 403
    stale = office.make.bearer(office.admin, signed_in_ago=timedelta(hours=1))
    assert office.revoke_all(stale, **said).json["error"]["type"] == "REAUTHENTICATION_REQUIRED"


def suspended(office: Office) -> None:
    _member(office, "post", "/suspend")


def removed(office: Office) -> None:
    _member(office, "delete", "")


def made_a_guest(office: Office) -> None:
    _member(office, "patch", "/role", role="guest")


def left(office: Office) -> None:
    path = f"/api/v1/organizations/{office.org.id}/leave"
    assert office.http.post(path, headers=office.as_member).status_code == 200


def account_suspended(office: Office) -> None:
    path = f"/api/v1/admin/users/{office.member.user_id}/suspend"
    reply = office.http.post(path, json={}, headers=office.as_owner)
    assert reply.status_code == 200, reply.text


def account_deleted(office: Office) -> None:
    delete_account(office, office.member.user_id)


def delete_account(office: Office, user_id: UUID) -> None:
    operator = office.make.bearer(office.make.user(is_operator=True))
    path = f"/api/v1/admin/users/{user_id}/delete"
    reply = office.http.post(path, json={"confirm": True}, headers=operator)
    assert reply.status_code == 200, reply.text


def locked(office: Office) -> None:
    path = f"/api/v1/organizations/{office.org.id}/users/{office.member.user_id}/lock"
    assert office.http.post(path, json={}, headers=office.as_admin).status_code == 201


def key_deleted(office: Office) -> None:
    path = f"/api/v1/ssh/keys/{office.key.id}"
    assert office.http.delete(path, headers=office.as_member).status_code == 200


def _member(office: Office, verb: str, more: str, **said) -> None:
    path = f"/api/v1/organizations/{office.org.id}/members/{office.member.user_id}{more}"
    send = getattr(office.http, verb)
    reply = send(path, json=said or None, headers=office.as_admin)
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    "how",
    [
        suspended,
        removed,
        made_a_guest,
        left,
        account_suspended,
        account_deleted,
        key_deleted,
        locked,
    ],
)
def test_who_goes_loses_all_at_once(office: Office, how):
    """Threats 180, 218; and nobody else loses anything."""
    mine, (_, other) = [office.signed(), office.signed()], other_one(office)

    how(office)

    assert [office.is_listed(each) for each in (*mine, other)] == [True, True, False]
    states = {row["id"]: row["state"] for row in office.found()}
    assert {states[each["id"]] for each in mine} == {"revoked"}
    assert states[other["id"]] == "valid"


def test_an_account_loses_what_it_has_in_every_organization(office: Office, elsewhere: Office):
    person = office.make.user()
    told = {}
    for place in (office, elsewhere):
        here = place.make.member(place.org, user=person)
        place.make.principal(place.org, here)
    office.key_of(here)
    headers = office.make.bearer(person)
    for place in (office, elsewhere):
        told[place] = place.signed(headers, organization_id=str(place.org.id))

    delete_account(office, person.id)

    assert all(place.is_listed(each) for place, each in told.items())


def test_a_compromised_key_takes_all_along_and_is_listed_itself(office: Office):
    """Threat 227."""
    told = office.signed()
    [key] = office.keys(office.ca, "active")

    assert office.act(office.ca, key, "compromise", reason="stolen").status_code == 200

    krl = office.krl()
    assert krl.keys == {office.blob}
    assert not krl.serials
    assert krl.is_revoked(office.blob, told["serial"])
    [row] = office.listed()
    assert row["state"] == "revoked"
    assert office.signed()["ca_fingerprint"] != told["ca_fingerprint"]


def test_an_authority_with_living_certificates_is_deleted_by_force_alone(office: Office):
    office.signed()
    path = f"{office.path}/{office.ca['id']}"

    kept = office.http.delete(path, json={}, headers=office.as_owner)
    unsaid = office.http.delete(path, json={"force": True}, headers=office.as_owner)
    gone = office.http.delete(path, json={"force": True, "reason": "x"}, headers=office.as_owner)

    assert (kept.status_code, kept.json["error"]["type"]) == (409, "CA_IN_USE")
    assert unsaid.status_code == 400
    assert gone.status_code == 200
    assert office.krl().keys == {office.blob}


def test_a_deleted_organization_says_by_its_id_that_nothing_counts(office: Office):
    """Threat 180."""
    office.signed()
    removed(office)
    path = f"/api/v1/organizations/{office.org.id}"
    reply = office.http.delete(f"{path}/members/{office.admin.user_id}", headers=office.as_owner)
    assert reply.status_code == 200, reply.text
    reply = office.http.delete(path, headers=office.as_owner)
    assert reply.status_code == 200, reply.text
    base = "/api/v1/ssh/orgs"

    assert office.http.get(f"{base}/{office.org.slug}/krl").status_code == 404
    krl = office.http.get(f"{base}/{office.org.id}/krl")
    assert krl.status_code == 200
    assert office.blob in krl.data
    bundle = office.http.get(f"{base}/{office.org.id}/user-ca.pub")
    assert [line for line in bundle.text.splitlines() if not line.startswith("#")] == []


def test_what_has_expired_leaves_the_list_a_little_later(office: Office, clock, runtime):
    """Machines whose clock is behind believe it a little longer."""
    told = office.signed(ttl_seconds=60)
    office.revoke(told["id"])
    clock.shift(60 + 14 * 60)
    renew(runtime)
    assert office.is_listed(told)

    clock.shift(6 * 60)
    version = office.krl().version
    renew(runtime)

    assert not office.is_listed(told)
    assert office.krl().version == version + 1


def renew(runtime) -> int:
    """Run the job as its runner does: until nothing is left."""
    done = 0
    while True:
        with unit_of_work(runtime, Origin("test")) as ctx:
            more = runtime.jobs["renew_ssh_krls"].run(ctx)
        if not more:
            return done
        done += more


def test_lists_are_made_anew_every_five_minutes_and_not_more_often(office: Office, clock, runtime):
    version = office.krl().version
    renew(runtime)
    assert office.krl().version == version
    clock.shift(5 * 60 + 1)

    assert renew(runtime) >= 1
    assert office.krl().version == version + 1
    assert office.krl().generated_at >= int(datetime.now(UTC).timestamp()) - 2


def test_a_role_of_readers_reads_and_revokes_nothing(office: Office):
    office.signed()
    for role, status in ((Role.GUEST, 403), (Role.MEMBER, 403), (Role.ADMIN, 200)):
        headers = office.make.bearer(office.make.member(office.org, role))
        assert office.http.get(office.certificates, headers=headers).status_code == status


def test_there_is_no_certificate_of_nobody(office: Office):
    assert office.revoke(str(uuid4())).status_code == 404
