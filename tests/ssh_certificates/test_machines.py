"""What is published for machines: the real sshd and ssh-keygen read it, and go by it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatehouse.core.openssh.keys import read_public_key
from tests.audit.record import entries_of
from tests.openssh import KeyFile, keygen, make_key
from tests.ssh_certificates.offices import SIGN, Office
from tests.sshd import Sshd

FILES = ("user-ca.pub", "krl", "krl.sig", "krl.pub", "krl.json")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd") / "server") as found:
        yield found


@pytest.fixture
def key(office: Office, tmp_path: Path) -> KeyFile:
    """A key of the member's whose private half is here."""
    found = make_key(tmp_path)
    office.make.ssh_key(office.member, read_public_key(found.public).blob)
    return found


def fetch(office: Office, name: str, **headers: str) -> Any:
    return office.http.get(f"/api/v1/ssh/orgs/{office.org.slug}/{name}", headers=headers)


@pytest.fixture
def enter(office: Office, sshd: Sshd, key: KeyFile) -> Callable[[Any], bool]:
    """Whether a certificate opens the machine, after that has fetched what is published."""

    def enter(certificate: Any) -> bool:
        lines = fetch(office, "user-ca.pub").text.splitlines()
        sshd.trust(*(line for line in lines if not line.startswith("#")))
        sshd.revoke(fetch(office, "krl").data)
        sshd.admit("deploy")
        return sshd.login(key.path, certificate["certificate"]).is_in

    return enter


def test_a_member_gets_in_until_the_certificate_is_revoked(office: Office, enter, sshd):
    """SSH-14, SSH-23; threat 218, with a real sshd."""
    told = office.signed()
    assert enter(told)
    assert f"ID {told['key_id']} (serial {told['serial']})" in sshd.said()

    assert office.revoke(told["id"]).status_code == 200

    assert not enter(told)
    assert enter(office.signed())


@pytest.mark.parametrize("at", [SIGN, "/api/v1/ssh/certificates/request"])
def test_what_was_revoked_since_is_not_told_again(office: Office, enter, tmp_path: Path, at: str):
    """Threat 218: a header that repeats answers repeats none that machines refuse."""
    headers = {**office.as_member, "Idempotency-Key": "a-deployment"}
    first = office.signed(headers, at=at)
    again = office.ask(headers, at=at)
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert again.json["data"] == first
    assert enter(first)
    assert office.revoke(first["id"]).status_code == 200

    reply = office.ask(headers, at=at)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "ALREADY_REVOKED")
    [entry] = entries_of(office.http, reply)
    assert (entry.action, entry.org_id) == ("ssh_certificate.refused", office.org.id)
    krl, shown = tmp_path / "krl", tmp_path / "shown-cert.pub"
    krl.write_bytes(fetch(office, "krl").data)
    shown.write_text(f"{first['certificate']}\n")
    assert "REVOKED" in keygen("-Q", "-f", krl, shown, expect=(1,))
    assert not enter(first)
    other = {**headers, "Idempotency-Key": "another-deployment"}
    assert enter(office.signed(other, at=at))


def test_who_was_removed_is_told_nothing_again(office: Office):
    """Threats 181, 218."""
    there = {"organization_id": str(office.org.id)}
    headers = {**office.as_member, "Idempotency-Key": "a-deployment"}
    office.signed(headers, **there)
    path = f"/api/v1/organizations/{office.org.id}/members/{office.member.user_id}"
    assert office.http.delete(path, headers=office.as_admin).status_code == 200

    assert office.refused(headers, **there)[:2] == (409, "ALREADY_REVOKED")


def test_who_is_suspended_gets_in_nowhere(office: Office, enter):
    """Threats 180, 218."""
    told = office.signed()
    path = f"/api/v1/organizations/{office.org.id}/members/{office.member.user_id}/suspend"
    assert office.http.post(path, headers=office.as_admin).status_code == 200

    assert not enter(told)
    assert office.refused(organization_id=str(office.org.id))[0] == 403


def test_old_and_new_key_let_in_while_one_follows_the_other(office: Office, enter):
    """SSH-17, SSH-18; threat 227."""
    old = office.signed()
    office.rotate(office.ca)
    [key] = office.keys(office.ca, "next")
    assert key["public_key"] in fetch(office, "user-ca.pub").text
    office.act(office.ca, key, "activate")
    new = office.signed()

    assert (enter(old), enter(new)) == (True, True)

    [retiring] = office.keys(office.ca, "retiring")
    assert office.act(office.ca, retiring, "compromise", reason="stolen").status_code == 200
    assert (enter(old), enter(new)) == (False, True)


def test_another_organization_opens_nothing(office: Office, elsewhere: Office, key, enter):
    """Threat 215."""
    elsewhere.make.ssh_key(elsewhere.member, read_public_key(key.public).blob)
    told = elsewhere.signed(principals=["deploy"], key_id=None)

    assert not enter(told)


def test_the_list_is_read_and_its_signature_verified_by_openssh(office: Office, tmp_path: Path):
    """SSH-15."""
    office.revoke(office.signed()["id"])
    krl, signature = tmp_path / "krl", tmp_path / "krl.sig"
    krl.write_bytes(fetch(office, "krl").data)
    signature.write_bytes(fetch(office, "krl.sig").data)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"gatehouse {fetch(office, 'krl.pub').text}")
    verify = ["-Y", "verify", "-f", allowed, "-I", "gatehouse", "-n", "krl@gatehouse"]

    assert "serial: 1" in keygen("-Q", "-l", "-f", krl)
    good = keygen(*verify, "-s", signature, given=krl.read_bytes())
    assert "Good" in good
    keygen(*verify, "-s", signature, given=krl.read_bytes() + b".", expect=(255,))
    told = fetch(office, "krl.json").json
    assert (told["version"], told["certificates"]) == (office.krl().version, 1)


@pytest.mark.parametrize("name", FILES)
def test_who_has_it_is_told_so(office: Office, name: str):
    first = fetch(office, name)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "public, max-age=60"

    again = fetch(office, name, **{"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert fetch(office, name, **{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", [*FILES, "host-ca.pub", "known_hosts"])
def test_where_there_is_nothing_the_answer_is_404_and_no_file(office: Office, name: str):
    """SSH-25: never an error page with 200."""
    bare = office.make.organization()
    for org in (bare.slug, bare.id, "nobody-here", "%00", "..%2f..", "x" * 300):
        reply = office.http.get(f"/api/v1/ssh/orgs/{org}/{name}")
        assert reply.status_code == 404, org
        assert reply.json["success"] is False


def hosts_of(office: Office, *patterns: str) -> Any:
    path = f"/api/v1/organizations/{office.org.id}/ssh/policy"
    reply = office.http.put(path, json={"host_patterns": patterns}, headers=office.as_admin)
    assert reply.status_code == 200, reply.text
    return fetch(office, "known_hosts")


def test_hosts_are_known_by_the_patterns_of_the_organization(office: Office):
    office.created(name="Machines", ca_type="host")
    assert "@cert-authority" not in fetch(office, "known_hosts").text

    lines = hosts_of(office, "*.prod.example.com", "db1").text.splitlines()

    [key] = [line for line in fetch(office, "host-ca.pub").text.splitlines() if line[0] != "#"]
    assert f"@cert-authority *.prod.example.com,db1 {' '.join(key.split()[:2])}" in lines


def test_what_was_compromised_is_said_to_be(office: Office):
    made = office.created(name="Machines", ca_type="host")
    [key] = office.keys(made, "active")
    office.act(made, key, "compromise", reason="stolen")

    lines = hosts_of(office, "*.example.com").text.splitlines()

    assert f"@revoked * {key['public_key']}" in lines
    assert read_public_key(key["public_key"]).blob in office.krl().keys


@pytest.mark.parametrize("bad", ["*", "*.*", "?", "a b", "A.example.com", "x\n", "", "a,b", "!x"])
def test_a_pattern_is_of_some_hosts_and_stays_on_its_line(office: Office, bad: str):
    path = f"/api/v1/organizations/{office.org.id}/ssh/policy"
    reply = office.http.put(path, json={"host_patterns": [bad]}, headers=office.as_admin)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")
