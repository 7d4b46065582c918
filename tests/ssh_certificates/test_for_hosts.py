"""Certificates for hosts, which admins ask for with a key of their own."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.signatures import verify
from gatehouse.core.openssh.terms import Kind
from gatehouse.core.roles import Role
from gatehouse.ssh_ca.rules.key_ids import Holder, read_key_id
from tests.audit.record import assert_recorded, entries_of, entry_of
from tests.core.openssh.made_keys import ED25519, SK_ED25519, blob_of, subject
from tests.ssh_certificates.offices import HOST_NAME as NAME
from tests.ssh_certificates.offices import OWN, PREVIEW, HostOffice, Office, read

ALIAS = "/api/v1/ssh/certificates/request"
MONTH = 30 * 24 * 3600
OVER = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def office(client, make) -> HostOffice:
    return HostOffice(client, make)


@pytest.fixture
def elsewhere(client, make) -> HostOffice:
    return HostOffice(client, make)


def test_the_authority_of_hosts_signs_for_names(office: HostOffice):
    """Threats 214, 215, 226; ruling 36."""
    names = [NAME, "192.0.2.7", "2001:db8::1", "xn--bcher-kva.example"]

    told = office.host_signed(principals=names, reason="a machine without a token")

    found = read(told)
    assert (found.terms.kind, list(found.terms.principals)) == (Kind.HOST, names)
    assert (found.terms.critical_options, found.terms.extensions) == ({}, {})
    assert found.terms.subject == office.host_key.blob
    authority = read_public_key(office.hosts["public_key"])
    verify(authority, found.signature, found.signed)
    assert told["ca_fingerprint"] == authority.fingerprint
    assert (told["kind"], told["holder"], told["principals"]) == ("host", "user", names)
    assert told["user_id"] == told["holder_id"] == str(office.admin.user_id)
    assert (told["serial"], told["ttl_seconds"], told["limited_by"]) == (1, 8 * 3600, "authority")
    assert told["reason"] == "a machine without a token"


def test_its_key_id_says_who_it_is_and_no_address(office: HostOffice):
    """Threat 226: whoever reaches the host reads it, before they have signed in."""
    told = office.host_signed()

    said = read_key_id(told["key_id"])
    assert said is not None
    assert (said.holder, said.id, said.label) == (Holder.USER, office.admin.user_id, "")
    assert str(said.certificate_id) == told["id"]
    assert "@" not in told["key_id"]


def test_it_is_stored_listed_and_on_record(office: HostOffice):
    """Threats 208, 226."""
    of_people = office.signed()
    reply = office.host(at=ALIAS)

    told = reply.json["data"]
    assert reply.status_code == 201, reply.text
    assert [row["id"] for row in office.listed(office.as_admin)] == [told["id"]]
    assert office.listed(office.as_admin, kind="user") == []
    assert [row["id"] for row in office.listed(office.as_admin, kind="host")] == [told["id"]]
    assert [row["id"] for row in office.found(kind="host")] == [told["id"]]
    assert [row["id"] for row in office.found(kind="user")] == [of_people["id"]]
    one = office.http.get(f"{OWN}/{told['id']}", headers=office.as_admin)
    assert one.json["data"]["certificate"] == told["certificate"]
    exported = office.http.get(f"{office.certificates}/export?kind=host", headers=office.as_admin)
    assert [line.split(",")[3] for line in exported.text.splitlines()] == ["kind", "host"]
    assert_recorded(
        office.http,
        reply,
        "ssh_certificate.issued",
        actor=office.admin.user_id,
        target=office.admin.user_id,
        org=office.org.id,
    )
    details = entry_of(office.http, reply).details
    assert (details["kind"], details["holder"], details["principals"]) == ("host", "user", [NAME])


def test_who_does_not_say_so_gets_one_for_a_person(office: HostOffice):
    """Threat 215."""
    for wish in ({}, {"cert_type": "user"}):
        told = office.signed(**wish)
        assert (told["kind"], told["ca_fingerprint"]) == ("user", office.ca["fingerprint"])


WRONG = [
    ("principals", None),
    ("principals", []),
    ("principals", ["*"]),
    ("principals", ["*.example.com"]),
    ("principals", ["DB1.example.com"]),
    ("principals", ["db1.example.com."]),
    ("principals", ["bücher.example"]),
    ("principals", ["[2001:db8::1]"]),
    ("principals", ["2001:DB8::1"]),
    ("principals", ["192.0.2.0/24"]),
    ("principals", ["db1:22"]),
    ("principals", ["db1,db2"]),
    ("principals", ["db1\n"]),
    ("principals", ["deploy", ""]),
    ("principals", [NAME, NAME]),
    ("principals", [f"db{n}" for n in range(21)]),
    ("principals", "db1"),
    ("principals", ["x" * 300]),
    ("extensions", ["permit-pty"]),
    ("source_addresses", ["10.0.0.0/8"]),
    ("force_command", "id"),
    ("cert_type", "Host"),
    ("cert_type", None),
    ("cert_type", 2),
]


@pytest.mark.parametrize("at", [None, PREVIEW])
def test_what_a_host_cannot_have_is_refused_by_name(office: HostOffice, at):
    """Threats 173, 214, 216."""
    for field, wrong in WRONG:
        wish = {field: wrong, **({"at": at} if at else {})}
        status, kind, details = office.host_refused(**wish)
        assert (status, kind, list(details)) == (400, "VALIDATION_ERROR", [field]), (field, wrong)
    assert office.found() == []


def test_several_faults_are_told_at_once(office: HostOffice):
    told = office.host_refused(principals=["*"], extensions=["a@b"], source_addresses=["::1"])

    assert set(told[2]) == {"principals", "extensions", "source_addresses"}


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.MEMBER, Role.GUEST])
def test_admins_alone_may_ask(office: HostOffice, role: Role):
    """Ruling 36; threats 169, 222."""
    who = office.make.member(office.org, role)
    office.key_of(who)
    headers = office.make.bearer(who)
    may = role in (Role.OWNER, Role.ADMIN)

    for at in (None, ALIAS, PREVIEW):
        reply = office.host(headers, **({"at": at} if at else {}))
        good = 200 if at == PREVIEW else 201
        assert reply.status_code == (good if may else 403), reply.text
        if not may:
            assert reply.json["error"]["type"] == "AUTHORIZATION_ERROR"


def test_a_member_who_looks_after_the_authority_is_no_admin(office: HostOffice):
    path = f"{office.path}/{office.hosts['id']}/permissions"
    for permission in ("admin", "sign"):
        sent = {"user_id": str(office.member.user_id), "permission": permission}
        assert office.http.post(path, json=sent, headers=office.as_admin).status_code == 201

    assert office.host_refused(office.as_member)[:2] == (403, "AUTHORIZATION_ERROR")


def test_an_admin_of_another_organization_is_a_stranger(office: HostOffice, elsewhere: HostOffice):
    """Threats 170, 215."""
    there = {"organization_id": str(office.org.id)}

    assert office.host_refused(elsewhere.as_admin, **there)[:2] == (404, "NOT_FOUND")
    assert office.host_refused(elsewhere.as_admin, at=PREVIEW, **there)[:2] == (404, "NOT_FOUND")
    assert office.host_refused({"X-Nobody": "1"})[0] == 401


def test_who_is_named_may_ask_and_nobody_else(office: HostOffice):
    """Ruling 36: what is said of the authority of people is another matter."""
    path = f"{office.path}/{office.ca['id']}/permissions"
    sent = {"user_id": str(office.member.user_id), "permission": "sign"}
    assert office.http.post(path, json=sent, headers=office.as_admin).status_code == 201
    assert office.host().status_code == 201

    office.key_of(office.owner)
    office.name(office.owner)

    assert office.host_refused()[:2] == (403, "CA_PERMISSION_DENIED")
    assert office.host(office.as_owner).status_code == 201


def test_it_takes_a_sign_in_of_the_last_ten_minutes(office: HostOffice):
    """As a token to enrol a host does, which is worth as much."""
    stale = office.make.bearer(office.admin, signed_in_ago=timedelta(hours=1))

    assert office.host_refused(stale)[:2] == (403, "REAUTHENTICATION_REQUIRED")
    assert office.host(stale, at=PREVIEW).status_code == 200


def test_without_an_authority_of_hosts_there_is_503(make, client):
    """Threat 215: that of people signs for none."""
    office = Office(client, make)
    office.key_of(office.admin)
    wish = {"cert_type": "host", "principals": [NAME]}

    assert office.refused(office.as_admin, **wish)[:2] == (503, "CA_NOT_CONFIGURED")
    assert office.refused(office.as_admin, at=PREVIEW, **wish)[:2] == (503, "CA_NOT_CONFIGURED")


def test_its_life_is_what_is_asked_for_within_the_authoritys(office: HostOffice):
    """Threat 217; ruling 36."""
    told = office.host_refused(ttl_seconds=MONTH + 1)
    assert told == (400, "TTL_TOO_LONG", {"min_seconds": 1, "max_seconds": MONTH})
    assert office.host_refused(ttl_seconds=0)[1] == "TTL_TOO_LONG"
    assert office.host_refused(ttl_seconds=-1)[1] == "TTL_TOO_LONG"

    long = office.host_signed(ttl_seconds=MONTH + 1, clamp=True)
    short = office.host_signed(expiry_hours=2)

    assert (long["ttl_seconds"], short["ttl_seconds"]) == (MONTH, 7200)
    begins, ends = (datetime.fromisoformat(short[n]) for n in ("valid_after", "valid_before"))
    assert ends - begins == timedelta(seconds=7200 + 300)


def test_it_does_not_outlive_its_key(office: HostOffice):
    ends = (datetime.now(UTC) + timedelta(minutes=30)).replace(microsecond=0)
    office.key_of(office.admin, name="short", expires_at=ends)

    told = office.host_signed(ttl_seconds=7200)

    assert (datetime.fromisoformat(told["valid_before"]), told["limited_by"]) == (ends, "key")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"verified_at": None}, (409, "KEY_NOT_VERIFIED", {"why": "unverified"})),
        ({"expires_at": OVER}, (409, "KEY_NOT_VERIFIED", {"why": "expired"})),
    ],
)
def test_a_key_that_does_not_count_is_not_certified(office: HostOffice, fields, refusal):
    """Threat 220."""
    key = office.key_of(office.admin, name="other", **fields)

    assert office.host_refused(key_id=str(key.id)) == refusal


def test_a_key_in_hardware_is_none_of_a_host(office: HostOffice):
    """Nobody is there to touch it. That people have to have one is nothing to hosts."""
    key = office.key_of(office.admin, SK_ED25519, name="hard")
    policy = f"/api/v1/organizations/{office.org.id}/ssh/policy"
    sent = {"require_fido": True}
    assert office.http.put(policy, json=sent, headers=office.as_admin).status_code == 200

    status, kind, details = office.host_refused(key_id=str(key.id))

    assert (status, kind) == (400, "UNSUPPORTED_KEY_TYPE")
    assert "ssh-ed25519" in details["allowed"]
    assert office.host_signed(key_id=str(office.host_key.id))["kind"] == "host"


def test_a_short_rsa_key_is_not_certified(office: HostOffice):
    """Ruling 35; threat 220."""
    blob = blob_of(rsa.generate_private_key(65537, 2048).public_key())
    key = office.make.ssh_key(office.admin, blob)

    assert office.host_refused(key_id=str(key.id)) == (400, "WEAK_KEY", {"min_bits": 3072})


@pytest.mark.parametrize("kind", ["ca", "hosts"])
def test_the_key_of_an_authority_is_not_certified(office: HostOffice, kind: str):
    """Threat 220."""
    key = office.make.ssh_key(
        office.admin, read_public_key(getattr(office, kind)["public_key"]).blob
    )

    assert office.host_refused(key_id=str(key.id))[:2] == (400, "INVALID_PUBLIC_KEY")
    assert office.found() == []


def test_a_key_of_somebody_else_is_not_found(office: HostOffice):
    assert office.host_refused(key_id=str(office.key.id))[:2] == (404, "NOT_FOUND")


def test_a_refusal_is_on_record_with_its_kind(office: HostOffice):
    """SSH-22."""
    reply = office.host(ttl_seconds=MONTH + 1)

    assert reply.status_code == 400
    [entry] = entries_of(office.http, reply)
    assert (entry.action, entry.user_id) == ("ssh_certificate.refused", office.admin.user_id)
    assert entry.details["kind"] == "host"
    assert (entry.details["reason"], entry.details["principals"]) == ("TTL_TOO_LONG", [NAME])


def test_a_preview_says_what_would_be_signed(office: HostOffice):
    key = office.key_of(office.admin, SK_ED25519, name="hard")

    good = office.previewed(
        office.as_admin, cert_type="host", principals=[NAME], key_id=str(office.host_key.id)
    )
    bad = office.previewed(
        office.as_admin,
        cert_type="host",
        principals=[NAME],
        key_id=str(key.id),
        ttl_seconds=MONTH + 1,
    )

    assert (good["allowed"], good["refusals"], good["ttl_seconds"]) == (True, [], 8 * 3600)
    assert [(one["name"], one["included"]) for one in good["principals"]] == [(NAME, True)]
    assert (good["extensions"], good["critical_options"], good["policy"]) == ([], {}, [])
    assert (good["longest_seconds"], good["limited_by"]) == (MONTH, "authority")
    told = [each["error_type"] for each in bad["refusals"]]
    assert (bad["allowed"], told) == (False, ["UNSUPPORTED_KEY_TYPE", "TTL_TOO_LONG"])
    assert office.found() == []


def test_the_same_key_serves_a_person_and_a_host_of_theirs(office: HostOffice):
    """One ends without the other; what is named is the certificate."""
    office.make.principal(office.org, office.admin, name="db")
    host, person = office.host_signed(), office.signed(office.as_admin)
    assert host["fingerprint"] == person["fingerprint"]
    assert host["serial"] == person["serial"] == 1

    assert office.revoke(host["id"], office.as_admin).status_code == 200

    assert (office.is_refused(host), office.is_listed(person)) == (True, False)
    assert office.host_key.blob == subject(ED25519, str(office.admin.id))


def test_the_preview_tells_that_the_sign_in_is_too_old(office: HostOffice):
    stale = office.make.bearer(office.admin, signed_in_ago=timedelta(minutes=11))

    told = office.previewed(stale, cert_type="host", principals=[NAME])

    refusals = [each["error_type"] for each in told["refusals"]]
    assert (told["allowed"], refusals) == (False, ["REAUTHENTICATION_REQUIRED"])
