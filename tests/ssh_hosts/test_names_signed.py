"""Names of hosts in certificates that admins ask for: what belongs to a host is nobody else's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.ssh_certificates.models import RevocationList
from gatehouse.ssh_hosts.models import Host, HostName
from tests.accounts.together import at_once, held_up
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.core.openssh.made_keys import ED25519, subject
from tests.openssh import KeyFile, keygen, make_key
from tests.ssh_hosts.grounds import NAME, Grounds
from tests.ssh_hosts.machines import kind_of
from tests.sshd import Login, Sshd

SIGN = "/api/v1/ssh/sign"
OTHER = "db9.example.com"


class Rooms(Grounds):
    """Whose admin has a proved key."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        for kind in ("user", "host"):
            self.authority(kind)
        self.make.ssh_key(self.admin, subject(ED25519, str(self.admin.id)))

    def sign(self, *names: str, at: str = SIGN, http: Any = None) -> Any:
        body = {"cert_type": "host", "principals": list(names)}
        return (http or self.http).post(at, json=body, headers=self.as_admin)

    def signed(self, *names: str) -> Any:
        reply = self.sign(*names)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]

    def state(self, made: Any) -> str:
        path = f"/api/v1/organizations/{self.org.id}/certificates/{made['id']}"
        return str(self.http.get(path, headers=self.as_admin).json["data"]["state"])


@pytest.fixture
def rooms(client, make) -> Rooms:
    return Rooms(client, make)


@pytest.fixture
def others(client, make) -> Rooms:
    return Rooms(client, make)


def waiting(rooms: Rooms, machine_of) -> None:
    rooms.created(NAME, OTHER)


def enrolled(rooms: Rooms, machine_of) -> None:
    machine_of().enrolled(rooms.token(rooms.created(NAME, OTHER)))


def suspended(rooms: Rooms, machine_of) -> None:
    host = rooms.created(NAME, OTHER)
    machine_of().enrolled(rooms.token(host))
    rooms.change(host, suspended=True)


def revoked(rooms: Rooms, machine_of) -> None:
    host = rooms.created(NAME, OTHER)
    machine_of().enrolled(rooms.token(host))
    rooms.revoke(host)


@pytest.mark.parametrize("how", [waiting, enrolled, suspended, revoked])
def test_a_name_of_a_host_is_not_signed_for_a_person(rooms: Rooms, machine_of, how):
    """Threats 214, 224: whoever has a key could pose as that host."""
    how(rooms, machine_of)

    reply = rooms.sign("db2.example.com", OTHER, NAME)

    assert kind_of(reply) == (409, "CONFLICT")
    assert reply.json["error"]["details"] == {"names": [OTHER, NAME]}
    assert {entry.action for entry in entries_of(rooms.http, reply)} == {"ssh_certificate.refused"}
    seen = rooms.sign("db2.example.com", NAME, at=f"{SIGN}/preview").json["data"]
    assert seen["allowed"] is False
    assert [(one["name"], one["why_not"]) for one in seen["principals"]] == [
        ("db2.example.com", None),
        (NAME, "of_a_host"),
    ]
    assert rooms.signed("db2.example.com")["principals"] == ["db2.example.com"]


def test_hosts_of_other_organizations_are_nothing_to_this_one(rooms: Rooms, others: Rooms):
    """Threat 170: it is another authority, which other people believe."""
    others.created(NAME)

    assert rooms.signed(NAME)["principals"] == [NAME]


def test_a_name_is_free_once_its_host_is_deleted(rooms: Rooms):
    host = rooms.created(NAME)
    assert rooms.sign(NAME).status_code == 409

    assert rooms.delete(host).status_code == 200

    assert rooms.sign(NAME).status_code == 201


def test_what_was_signed_goes_when_a_host_is_enrolled_under_the_name(rooms: Rooms, machine_of):
    """Until then the machine goes on with what it has."""
    mine, other = rooms.signed("db2.example.com", NAME), rooms.signed("db2.example.com")
    host = rooms.created(NAME)
    assert rooms.state(mine) == "valid"

    machine_of().enrolled(rooms.token(host))

    assert (rooms.state(mine), rooms.state(other)) == ("revoked", "valid")


def test_what_was_signed_goes_when_a_host_gets_the_name(rooms: Rooms, machine_of):
    machine = machine_of()
    host = rooms.created(NAME)
    machine.enrolled(rooms.token(host))
    mine = rooms.signed(OTHER)

    assert rooms.change(host, names=[NAME, OTHER]).status_code == 200

    assert rooms.state(mine) == "revoked"
    assert rooms.sign(OTHER).status_code == 409
    assert machine.renew().status_code == 201


def test_a_host_that_is_named_meanwhile_has_its_name_alone(rooms: Rooms, runtime: Runtime):
    """Threat 175: what is decided is decided while nobody enrols anything."""
    rooms.created("db3.example.com")
    app = rooms.http.application
    row = select(RevocationList.id).where(RevocationList.org_id == rooms.org.id)

    with held_up(runtime, row, lambda: rooms.sign(OTHER, http=client_of(app))) as (db, [asked]):
        host = Host(org_id=rooms.org.id, accounts={}, life_seconds=3600)
        db.add(host)
        db.flush()
        db.add(HostName(org_id=rooms.org.id, host_id=host.id, name=OTHER, place=0))
        db.flush()

    assert kind_of(asked.result()) == (409, "CONFLICT")


def test_of_a_host_and_a_person_at_once_the_host_has_the_name(rooms: Rooms, machine_of):
    """Threat 175: whoever was first."""
    host = rooms.created(NAME)
    machine_of().enrolled(rooms.token(host))
    app = rooms.http.application

    for number in range(5):
        name = f"new{number}.example.com"

        def sign(name: str = name) -> Any:
            return rooms.sign(name, http=client_of(app))

        def rename(name: str = name) -> Any:
            path, body = f"{rooms.path}/{host['id']}", {"names": [name]}
            return client_of(app).patch(path, json=body, headers=rooms.as_admin)

        first, second, renamed = at_once(sign, sign, rename)

        assert renamed.status_code == 200, renamed.text
        for reply in (first, second):
            assert reply.status_code in (201, 409), reply.text
            if reply.status_code == 201:
                assert rooms.state(reply.json["data"]) == "revoked"


def test_of_an_enrolment_and_a_person_at_once_the_host_has_the_name(rooms: Rooms, machine_of):
    """Threats 175, 224."""
    machine = machine_of()
    app = rooms.http.application
    before = rooms.signed(NAME)
    token = rooms.token(rooms.created(NAME))
    text = machine.challenge(token)

    *asked, done = at_once(
        *(lambda: rooms.sign(NAME, http=client_of(app)) for _ in range(3)),
        lambda: machine.enroll(token, text=text),
    )

    assert done.status_code == 201, done.text
    assert {reply.status_code for reply in asked} == {409}
    assert rooms.state(before) == "revoked"


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path / "server") as found:
        yield found


class Seen:
    """An sshd with a certificate that an admin asked for, and a member who logs in there."""

    def __init__(self, rooms: Rooms, sshd: Sshd, folder: Path) -> None:
        self.rooms, self.sshd, self.folder = rooms, sshd, folder
        self.person = make_key(folder)
        rooms.make.principal(rooms.org, rooms.member, name="prod")
        rooms.make.ssh_key(rooms.member, read_public_key(self.person.public).blob)
        owner = rooms.make.member(rooms.org, Role.OWNER)
        path = f"/api/v1/organizations/{rooms.org.id}/ssh/policy"
        patterns = {"host_patterns": ["*.example.com"]}
        told = rooms.http.put(path, json=patterns, headers=rooms.make.bearer(owner))
        assert told.status_code == 200, told.text
        of_host = read_public_key(KeyFile(sshd.host_key).public).blob
        self.key = rooms.make.ssh_key(rooms.admin, of_host)

    def certify(self, *names: str) -> Any:
        body = {"cert_type": "host", "principals": list(names), "key_id": str(self.key.id)}
        reply = self.rooms.http.post(SIGN, json=body, headers=self.rooms.as_admin)
        assert reply.status_code == 201, reply.text
        self.sshd.show(reply.json["data"]["certificate"])
        return reply.json["data"]

    def published(self, name: str) -> Any:
        return self.rooms.http.get(f"/api/v1/ssh/orgs/{self.rooms.org.slug}/{name}")

    def enter(self) -> Login:
        """All that this client knows of hosts is the authority and what it has revoked."""
        krl = self.folder / "revoked-hosts"
        krl.write_bytes(self.published("krl").data)
        self.sshd.revoke(krl.read_bytes())
        lines = self.published("user-ca.pub").text.splitlines()
        self.sshd.trust(*(line for line in lines if not line.startswith("#")))
        self.sshd.admit("prod")
        body = {"principals": ["prod"]}
        signed = self.rooms.http.post(SIGN, json=body, headers=self.rooms.as_member)
        assert signed.status_code == 201, signed.text
        known = self.published("known_hosts").text.splitlines()
        assert [line.split()[0] for line in known if line[0] != "#"] == ["@cert-authority"]
        options = [f"RevokedHostKeys={krl}"]
        text = signed.json["data"]["certificate"]
        return self.sshd.login(self.person.path, text, known=known, options=options)


def test_ssh_believes_it_until_it_is_revoked(rooms: Rooms, sshd: Sshd, tmp_path: Path):
    """Threats 215, 218, 227, with OpenSSH's own server and client."""
    seen = Seen(rooms, sshd, tmp_path)
    made = seen.certify(NAME)
    text = tmp_path / "shown-cert.pub"
    text.write_text(f"{made['certificate']}\n")
    assert "host certificate" in keygen("-L", "-f", text)
    assert seen.enter().is_in

    path = f"/api/v1/ssh/certificates/{made['id']}/revoke"
    assert rooms.http.post(path, json={}, headers=rooms.as_admin).status_code == 200

    login = seen.enter()
    assert not login.is_in
    assert "revoked" in login.err
    seen.certify(NAME)
    assert seen.enter().is_in


def test_ssh_does_not_know_it_under_other_names(rooms: Rooms, sshd: Sshd, tmp_path: Path):
    """Threat 224."""
    seen = Seen(rooms, sshd, tmp_path)
    seen.certify(OTHER)

    login = seen.enter()

    assert not login.is_in
    assert "name is not a listed principal" in login.err


def test_an_admin_who_is_none_any_more_is_no_host(rooms: Rooms, sshd: Sshd, tmp_path: Path):
    """Threat 181."""
    seen = Seen(rooms, sshd, tmp_path)
    seen.certify(NAME)
    assert seen.enter().is_in
    owner = rooms.make.bearer(rooms.make.member(rooms.org, Role.OWNER))
    path = f"/api/v1/organizations/{rooms.org.id}/members/{rooms.admin.user_id}/role"
    reply = rooms.http.patch(path, json={"role": "member"}, headers=owner)
    assert reply.status_code == 200, reply.text

    login = seen.enter()

    assert not login.is_in
    assert "revoked" in login.err
