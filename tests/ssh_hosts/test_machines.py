"""An enrolled host with the real sshd, and people whose ssh knows it by its certificate."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatehouse.core.openssh.keys import read_public_key
from tests.openssh import KeyFile, make_key
from tests.ssh_hosts.grounds import NAME, Grounds
from tests.ssh_hosts.machines import Machine
from tests.sshd import Login, Sshd


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path / "server") as found:
        yield found


class Scene:
    """A host with one account, which lets "prod" in, and a member who has that principal."""

    def __init__(self, grounds: Grounds, machine: Machine, sshd: Sshd, key: KeyFile) -> None:
        self.grounds, self.machine, self.sshd, self.key = grounds, machine, sshd, key
        machine.keys = [KeyFile(sshd.host_key)]
        make = grounds.make
        make.principal(grounds.org, grounds.member, name="prod")
        make.ssh_key(grounds.member, read_public_key(key.public).blob)
        path = f"/api/v1/organizations/{grounds.org.id}/ssh/policy"
        patterns = {"host_patterns": ["*.example.com"]}
        told = grounds.http.put(path, json=patterns, headers=grounds.as_admin)
        assert told.status_code == 200, told.text
        self.host = grounds.created(NAME, accounts={sshd.account: ["prod"]})
        enrolled = machine.enrolled(grounds.token(self.host))
        self.put(enrolled["certificates"][0])

    def put(self, made: Any) -> None:
        self.sshd.show(made["certificate"])

    def fetch(self) -> None:
        """What a host does every few minutes."""
        told = self.machine.sync().json["data"]
        self.sshd.trust(*told["user_ca"])
        self.sshd.admit(*told["principals"].get(self.sshd.account, []))
        self.sshd.revoke(self.published("krl").data)

    def published(self, name: str) -> Any:
        return self.grounds.http.get(f"/api/v1/ssh/orgs/{self.grounds.org.slug}/{name}")

    def enter(self, folder: Path) -> Login:
        """As the member, who has fetched which hosts are known, and what is revoked."""
        self.fetch()
        krl = folder / "krl"
        krl.write_bytes(self.published("krl").data)
        signed = self.grounds.http.post("/api/v1/ssh/sign", json={}, headers=self.grounds.as_member)
        assert signed.status_code == 201, signed.text
        known = self.published("known_hosts").text.splitlines()
        certificate = signed.json["data"]["certificate"]
        options = [f"RevokedHostKeys={krl}"]
        return self.sshd.login(self.key.path, certificate, known=known, options=options)


@pytest.fixture
def scene(grounds: Grounds, machine_of, sshd: Sshd, tmp_path: Path) -> Scene:
    return Scene(grounds, machine_of(), sshd, make_key(tmp_path))


def test_people_get_in_and_know_the_host(scene: Scene, tmp_path: Path):
    """SSH-07, SSH-08, SSH-19; threat 227: neither person nor principal is called as the account."""
    assert scene.enter(tmp_path).is_in
    scene.put(scene.machine.renew().json["data"]["renewed"]["certificates"][0])
    assert scene.enter(tmp_path).is_in


def test_who_gets_into_an_account_changes_with_the_next_fetch(scene: Scene, tmp_path: Path):
    """SSH-08."""
    scene.grounds.change(scene.host, accounts={scene.sshd.account: ["dev"]})
    login = scene.enter(tmp_path)

    assert "does not contain an authorized principal" in login.log


def test_a_revoked_host_is_not_known_any_more(scene: Scene, tmp_path: Path):
    """Threat 227."""
    credential = scene.machine.credential
    assert scene.enter(tmp_path).is_in
    scene.grounds.revoke(scene.host, reason="stolen")
    assert scene.machine.sync(credential=credential).status_code == 401

    scene.fetch = lambda: None  # type: ignore[method-assign]
    login = scene.enter(tmp_path)

    assert not login.is_in
    assert "revoked" in login.err


def test_a_host_that_took_the_name_of_another_is_not_known(scene: Scene, tmp_path: Path):
    """Threat 224: nor one that kept what it had under a name that it lost."""
    scene.grounds.change(scene.host, names=["db7.example.com"])
    assert not scene.enter(tmp_path).is_in

    scene.put(scene.machine.renew().json["data"]["renewed"]["certificates"][0])
    login = scene.enter(tmp_path)
    assert not login.is_in
    assert "name is not a listed principal" in login.err
