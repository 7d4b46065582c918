"""Certificates for people: what is in them, who gets one, and what is refused."""

from datetime import datetime, timedelta

import pytest

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.signatures import verify
from gatehouse.core.openssh.terms import Kind
from gatehouse.ssh_ca.rules.key_ids import read_key_id
from gatehouse.ssh_ca.rules.policies import STANDARD
from tests.audit.record import assert_recorded
from tests.core.openssh.made_keys import ALL, ED25519, RSA, subject
from tests.ssh_certificates.offices import OWN, SIGN, Office, read

ALIAS = "/api/v1/ssh/certificates/request"


@pytest.mark.parametrize("of_type", ALL)
def test_a_certificate_says_what_was_decided(office: Office, of_type: str):
    """Threats 214, 225, 226. All seven types of keys, by our own encoder."""
    key = office.key_of(office.member, of_type, name=f"of {of_type}")

    told = office.signed(key_id=str(key.id), reason="a deployment")

    found = read(told)
    assert found.terms.subject == key.blob
    assert (found.terms.kind, found.terms.serial) == (Kind.USER, told["serial"])
    assert list(found.terms.principals) == told["principals"] == ["deploy", "web"]
    assert set(found.terms.extensions) == set(told["extensions"]) == STANDARD
    assert found.terms.critical_options == told["critical_options"] == {}
    assert found.terms.key_id == told["key_id"]
    authority = read_public_key(office.ca["public_key"])
    assert found.authority == authority.blob
    assert told["ca_fingerprint"] == authority.fingerprint
    verify(authority, found.signature, found.signed)
    assert (told["limited_by"], told["ttl_seconds"]) == ("authority", 8 * 3600)
    assert told["reason"] == "a deployment"


def test_its_key_id_says_who_it_is(office: Office):
    """Threat 226."""
    told = office.signed()

    said = read_key_id(told["key_id"])
    assert said is not None
    assert (said.org_slug, said.id) == (office.org.slug, office.member.user_id)
    assert str(said.certificate_id) == told["id"] == told["cert_id"]
    assert "@" in said.label


def test_it_begins_early_and_lasts_from_now_on(office: Office):
    """SSH-01, SSH-02; threat 217."""
    told = office.signed(ttl_seconds=600)

    begins, ends = (datetime.fromisoformat(told[n]) for n in ("valid_after", "valid_before"))
    made = datetime.fromisoformat(told["created_at"]).replace(microsecond=0)
    assert (made - begins, ends - made) == (timedelta(seconds=300), timedelta(seconds=600))
    terms = read(told).terms
    assert (terms.valid_after, terms.valid_before) == (begins.timestamp(), ends.timestamp())


def test_each_gets_the_next_serial(office: Office):
    """Threat 219."""
    serials = [office.signed(at=at)["serial"] for at in (SIGN, ALIAS, SIGN)]

    assert serials == [1, 2, 3]
    assert office.read(office.ca)["next_serial_number"] == 4


def test_it_is_stored_before_it_is_given_away(office: Office):
    """Threat 226: what is listed is what was signed, with how its holder was known."""
    told = office.signed()

    [row] = office.listed()
    assert row == {name: told[name] for name in row}
    one = office.http.get(f"{OWN}/{told['id']}", headers=office.as_member)
    assert one.json["data"]["certificate"] == told["certificate"]
    assert (row["state"], row["amr"], row["ip"]) == ("valid", "pwd", told["ip"])
    assert None not in (row["request_id"], row["auth_time"])


def test_signing_and_refusing_are_on_record(office: Office):
    """SSH-22; threats 208, 226."""
    given = office.ask()
    refused = office.ask(principals=["deploy", "root"])

    assert given.status_code == 201, given.text
    assert_recorded(
        office.http,
        given,
        "ssh_certificate.issued",
        actor=office.member.user_id,
        target=office.member.user_id,
        org=office.org.id,
    )
    assert refused.status_code == 403
    assert_recorded(
        office.http,
        refused,
        "ssh_certificate.refused",
        actor=office.member.user_id,
        target=office.member.user_id,
        org=office.org.id,
    )


def test_fewer_principals_may_be_asked_for(office: Office):
    """SSH-03."""
    assert office.signed(principals=["web"])["principals"] == ["web"]


def test_principals_are_of_this_organization_alone(office: Office, elsewhere: Office):
    """Threat 215: what somebody has in another organization is worth nothing here."""
    person = office.make.user()
    here = office.make.member(office.org, user=person)
    office.make.principal(office.org, here, name="db")
    there = office.make.member(elsewhere.org, user=person)
    elsewhere.make.principal(elsewhere.org, there, name="vault")
    office.key_of(here)
    headers = office.make.bearer(person)

    told = office.signed(headers, organization_id=str(office.org.id))

    assert told["principals"] == ["db"]
    assert read(told).authority == read_public_key(office.ca["public_key"]).blob
    denied = office.refused(headers, organization_id=str(office.org.id), principals=["db", "vault"])
    assert denied == (403, "UNAUTHORIZED_PRINCIPALS", {"denied": ["vault"]})
    unsaid = office.refused(headers)
    assert unsaid[:2] == (400, "ORGANIZATION_REQUIRED")


def test_departments_give_principals_and_demand(office: Office):
    """Threats 214, 225: merged over those departments that give what is in the certificate."""
    ops = office.make.department(office.org, office.member, name="Ops")
    other = office.make.department(office.org, office.member, name="Other")
    office.make.principal(office.org, ops, name="db")
    office.policy(
        ops,
        allowed_extensions=["permit-pty"],
        force_command="/usr/bin/psql",
        source_cidrs=["10.0.0.0/8", "127.0.0.0/8"],
        max_expiry_hours=1,
        default_expiry_hours=1,
    )
    office.policy(other, allowed_extensions=[])

    of_ops, without = office.signed(principals=["db"]), office.signed(principals=["web"])

    terms = read(of_ops).terms
    assert dict(terms.extensions) == {"permit-pty": ""}
    assert terms.critical_options == {
        "force-command": "/usr/bin/psql",
        "source-address": "10.0.0.0/8,127.0.0.0/8",
    }
    assert (of_ops["policy"], of_ops["ttl_seconds"]) == (["Ops"], 3600)
    assert read(without).terms.critical_options == {}
    assert set(without["extensions"]) == STANDARD


def test_no_extensions_are_none_and_not_all(office: Office):
    """Threat 225."""
    ops = office.make.department(office.org, office.member)
    office.make.principal(office.org, ops, name="db")
    office.policy(ops, allowed_extensions=[])

    assert read(office.signed(principals=["db"])).terms.extensions == {}
    assert office.signed(principals=["web"], extensions=[])["extensions"] == []


def test_the_longest_life_is_told_and_taken_if_asked(office: Office):
    most = 30 * 24 * 3600
    told = office.refused(ttl_seconds=most + 1)
    assert told[2] == {"min_seconds": 1, "max_seconds": most}
    assert office.signed(ttl_seconds=most + 1, clamp=True)["ttl_seconds"] == most
    assert office.signed(expiry_hours=2)["ttl_seconds"] == 7200


def test_a_source_is_narrowed(office: Office):
    told = office.signed(source_addresses=["192.0.2.7", "10.0.0.0/8"])

    option = read(told).terms.critical_options["source-address"]
    assert option == told["critical_options"]["source-address"] == "10.0.0.0/8,192.0.2.7/32"


def test_after_a_rotation_the_next_key_signs_from_serial_one(office: Office):
    """Threat 227."""
    first = office.signed()
    rotated = office.rotate(office.ca).json["data"]["ca"]
    [key] = office.keys(rotated, "next")
    assert office.signed()["ca_fingerprint"] == first["ca_fingerprint"]
    assert office.act(rotated, key, "activate").status_code == 200

    told = office.signed()

    assert (told["ca_fingerprint"], told["serial"]) == (key["fingerprint"], 1)
    [old] = office.keys(rotated, "retiring")
    assert old["fingerprint"] == first["ca_fingerprint"]


def test_a_second_factor_is_asked_for_anew(office: Office):
    """SSH-39: by its age when the certificate is signed."""
    ops = office.make.department(office.org, office.member)
    office.make.principal(office.org, ops, name="db")
    office.policy(ops, mfa_max_age=600)

    told = office.refused(principals=["db"])

    assert told == (403, "STEP_UP_REQUIRED", {"acr_values": "mfa", "max_age": 600})
    assert office.signed(principals=["web"])["principals"] == ["web"]


def test_the_same_request_once_more_is_answered_with_the_same_certificate(office: Office):
    headers = {**office.as_member, "Idempotency-Key": "a-deployment"}

    first, second = office.signed(headers), office.signed(headers)

    assert first["certificate"] == second["certificate"]
    assert len(office.listed()) == 1


def test_rsa_and_ed25519_of_two_people_do_not_meet(office: Office):
    """Ruling 34: the same key, proved by two, is each one's own."""
    other = office.make.member(office.org)
    office.make.principal(office.org, other, name="db")
    same = office.make.ssh_key(other, office.key.blob)
    headers = office.make.bearer(other)

    mine, theirs = office.signed(), office.signed(headers)

    assert (mine["principals"], theirs["principals"]) == (["deploy", "web"], ["db"])
    assert theirs["ssh_key_id"] == str(same.id)
    assert subject(RSA) != subject(ED25519)
