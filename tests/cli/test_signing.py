"""From nothing to a login: the real server signs, and the real ssh and sshd decide."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.accounts.models import User
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.openssh.certificates import issue
from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.signatures import sign
from gatehouse.core.openssh.terms import Kind, Terms
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.organizations.models import Member, Organization
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.service import open_key
from gatehouse.ssh_certificates.queries import signer_of
from gatehouse_cli.certificates import read_certificate
from tests.cli.homes import live_in
from tests.cli.programs import Cli
from tests.factories import Factory
from tests.openssh import make_key
from tests.serving import GatehouseServer
from tests.sshd import Sshd
from tests.tools import the_program

pytestmark = pytest.mark.integration

NAME = "db1.acme.example"


@dataclass
class Firm:
    """An organization that signs for people and machines, with an admin and a member in it."""

    serving: GatehouseServer
    make: Factory
    runtime: Runtime
    org: Organization
    admin: Member
    member: Member

    @property
    def slug(self) -> str:
        return self.org.slug

    def as_admin(self, method: str, path: str, body: Any = None) -> Any:
        token = self.make.session(self.admin.user_id)
        reply = self.serving.call(method, f"/api/v1{path}", body, token=token)
        assert reply.status < 300, reply.body
        return reply.json

    def published(self, name: str) -> bytes:
        reply = self.serving.call("GET", f"/api/v1/ssh/orgs/{self.slug}/{name}")
        assert reply.status == 200, reply.body
        return reply.body

    def host_certificate(self, line: str) -> str:
        """What the authority for machines says of this key."""
        now = datetime.now(UTC)
        with unit_of_work(self.runtime, Origin("test"), Actor(kind="job")) as ctx:
            signer = signer_of(ctx.wire, self.hosts.id)
            private = open_key(ctx.runtime, signer, self.org.id)
            terms = Terms(
                subject=read_public_key(line).blob,
                serial=1,
                kind=Kind.HOST,
                key_id=f"gh1:{self.slug}:host:1:1",
                principals=(NAME,),
                valid_after=int((now - timedelta(minutes=5)).timestamp()),
                valid_before=int((now + timedelta(hours=1)).timestamp()),
                critical_options={},
                extensions={},
            )
            return issue(terms, signer.blob, lambda data: sign(private, data))

    def __post_init__(self) -> None:
        self.people = self.make.authority(self.org)
        self.hosts = self.make.authority(self.org, AuthorityKind.HOST)
        patterns = {"host_patterns": ["*.acme.example"]}
        self.as_admin("PUT", f"/organizations/{self.org.id}/ssh/policy", patterns)


@pytest.fixture
def firm(serving: GatehouseServer, make: Factory, runtime: Runtime, user: User) -> Firm:
    org = make.organization()
    admin, member = make.member(org, Role.ADMIN), make.member(org, user=user)
    make.principal(org, member, name="deploy")
    return Firm(serving, make, runtime, org, admin, member)


@pytest.fixture
def sshd(firm: Firm, tmp_path: Path) -> Iterator[Sshd]:
    """A machine of the firm, which lets in who may deploy."""
    with Sshd(tmp_path / "sshd") as server:
        server.trust(firm.published("user-ca.pub").decode())
        server.admit("deploy")
        server.show(firm.host_certificate(server.host_line))
        yield server


def ssh(cli: Cli, *command: str, options: Sequence[str] = ()) -> "subprocess.CompletedProcess[str]":
    """Plain ssh, by the configuration of this home."""
    return subprocess.run(  # noqa: S603
        [
            *(the_program("ssh"), "-F", str(cli.home / ".ssh" / "config")),
            *("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"),
            *("-o", "GlobalKnownHostsFile=/dev/null", *options),
            *(NAME, "--", *(command or ("true",))),
        ],
        env={**cli.environment, "SHELL": "/bin/sh"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=40,
    )


@pytest.fixture
def machine(at_work: Cli, sshd: Sshd, firm: Firm) -> Cli:
    """A machine set up for the firm; where its names are, it knows without a DNS."""
    text = f"Host {NAME}\n  HostName 127.0.0.1\n  Port {sshd.port}\n  HostKeyAlias {NAME}\n"
    (at_work.home / ".ssh" / "config").write_text(f"{text}  User {sshd.account}\n")
    done = at_work.run("ssh", "setup", "--org", firm.slug)
    assert done.code == 0, done.said
    return at_work


def certificate(cli: Cli, firm: Firm) -> Path:
    return cli.home / ".ssh" / "gatehouse" / f"{firm.slug}-cert.pub"


def test_plain_ssh_works(machine: Cli, firm: Firm, sshd: Sshd):
    """SSH-29, threat 227: without a question, and the machine is known by its authority."""
    done = ssh(machine, "echo", "inside")

    assert (done.returncode, done.stdout) == (0, "inside\n"), done.stderr
    certificate(machine, firm).unlink()
    done = ssh(machine, "echo", "anew")
    assert (done.returncode, done.stdout) == (0, "anew\n"), done.stderr
    assert certificate(machine, firm).exists()


def test_the_log_of_a_machine_leads_to_a_person(machine: Cli, firm: Firm, sshd: Sshd, user: User):
    """SSH-23, threat 226."""
    assert ssh(machine).returncode == 0
    found = re.search(r"Accepted certificate ID \"(\S+)\" \(serial (\d+)\)", sshd.said())
    assert found is not None
    as_admin = {"GATEHOUSE_TOKEN": firm.make.session(firm.admin.user_id)}

    by_id = machine.run("cert", "whois", found[1], **as_admin)
    by_serial = machine.run("cert", "whois", found[2], "--org", firm.slug, "--json", **as_admin)
    by_anybody = machine.run("cert", "whois", found[1])

    assert by_id.out.split("\t")[0] == f"{user.id}:{user.email}", by_id.said
    assert [one["key_id"] for one in by_serial.json["certificates"]] == [found[1]]
    assert (by_anybody.code, by_anybody.out) == (4, "")
    assert machine.run("cert", "whois", "999999", **as_admin).code == 1


def test_what_is_revoked_gets_nobody_in(machine: Cli, firm: Firm, sshd: Sshd):
    """Threat 218, SSH-14: and the next connection has a new one."""
    old = certificate(machine, firm).read_text()

    done = machine.run("cert", "revoke", "--reason", "A laptop was lost", "--json")

    assert done.code == 0, done.said
    assert not certificate(machine, firm).exists()
    sshd.revoke(firm.published("krl"))
    key = machine.home / ".ssh" / "gatehouse" / firm.slug
    assert not sshd.login(key, old.strip()).is_in
    assert ssh(machine).returncode == 0
    listed = machine.run("cert", "list", "--json", "--org", firm.slug).json["certificates"]
    assert [one["state"] for one in listed] == ["valid", "revoked"]
    (row,) = (one for one in listed if one["state"] == "revoked")
    assert row["revocation_reason"] == "A laptop was lost"
    only = machine.run("cert", "list", "--state", "revoked").out.split("\t")
    assert (only[1], only[-1]) == ("revoked", f"{row['id']}\n")
    assert machine.run("cert", "revoke", row["id"]).code == 4
    assert machine.run("cert", "revoke", row["key_id"]).code == 4
    (valid,) = (one for one in listed if one["state"] == "valid")
    assert machine.run("cert", "revoke", str(valid["serial"]), "--org", firm.slug).code == 0
    assert not certificate(machine, firm).exists()
    assert machine.run("cert", "revoke", str(firm.org.id)).code == 1


def test_whoever_is_removed_gets_no_more(machine: Cli, firm: Firm):
    """Threat 221."""
    firm.as_admin("DELETE", f"/organizations/{firm.org.id}/members/{firm.member.user_id}")
    certificate(machine, firm).unlink()

    done = machine.run("ssh", "ensure", "--quiet", "--org", firm.slug)

    assert done.code == 1, done.said
    assert done.err.count("\n") == 1
    assert not certificate(machine, firm).exists()
    assert ssh(machine).returncode != 0


def test_less_than_all_can_be_asked_for(at_work: Cli, firm: Firm, tmp_path: Path):
    """Threat 214: never more."""
    firm.make.principal(firm.org, firm.member, name="web")
    pair = make_key(at_work.home / ".ssh")
    assert at_work.run("key", "add", str(pair.path)).code == 0
    ask = ("cert", "request", "-k", str(pair.path), "--org", firm.slug)

    whole = at_work.run(*ask, "--json")
    less = at_work.run(*ask, "-n", "web", "--ttl", "10m", "--source", "192.0.2.0/24")
    narrow = f"{pair.path}+web+192.0.2.0-24-cert.pub"
    shown = at_work.run("cert", "show", narrow, "--json").json

    assert whole.json["principals"] == ["deploy", "web"]
    assert whole.json["file"] == f"{pair.path}-cert.pub"
    assert (less.code, "192.0.2.0/24" in less.err) == (0, True), less.said
    assert shown["principals"] == ["web"]
    assert shown["critical_options"] == {"source-address": "192.0.2.0/24"}
    for wrong, code, says in (
        (("-n", "root"), 4, "root"),
        (("--ttl", "300d"), 4, "at most: ask for less by --ttl"),
        (("--source", "junk"), 4, "192.0.2.7"),
    ):
        done = at_work.run(*ask, *wrong)
        assert (done.code, done.out, says in done.err) == (code, "", True), done.said
        foreseen = at_work.run(*ask, *wrong, "--dry-run")
        assert (foreseen.code, "None would be signed" in foreseen.out) == (4, True), foreseen.said
    foreseen = at_work.run(*ask, "-n", "web", "--dry-run")
    assert foreseen.code == 0, foreseen.said
    assert "  with web (given to you alone)" in foreseen.out
    assert "  without deploy: you did not ask for it" in foreseen.out


def test_what_changed_elsewhere_is_asked_for_anew(machine: Cli, firm: Firm):
    """A certificate that was revoked there, and a principal that was given there."""
    old = read_certificate(certificate(machine, firm))
    path = f"/organizations/{firm.org.id}/certificates/{old.id}/revoke"
    firm.as_admin("POST", path, {})
    assert machine.run("cert", "request").code == 0
    new = read_certificate(certificate(machine, firm))
    assert (new.id != old.id, new.principals) == (True, ("deploy",))
    assert machine.run("cert", "request").code == 0
    assert read_certificate(certificate(machine, firm)) == new

    firm.make.principal(firm.org, firm.member, name="web")
    done = machine.run("cert", "request")

    assert done.code == 0, done.said
    assert read_certificate(certificate(machine, firm)).principals == ("deploy", "web")


def test_asking_for_less_takes_nothing_from_plain_ssh(machine: Cli, firm: Firm, sshd: Sshd):
    """And what is asked for works as it is said."""
    firm.make.principal(firm.org, firm.member, name="web")
    assert machine.run("cert", "request").code == 0

    done = machine.run("cert", "request", "-n", "web")

    assert ssh(machine).returncode == 0, done.said
    sshd.admit("web")
    program, *options, host = done.err.splitlines()[-1].split()
    assert (program, host) == ("ssh", "HOST")
    assert ssh(machine, options=options).returncode == 0
    narrow = read_certificate(certificate(machine, firm).with_name(f"{firm.slug}+web-cert.pub"))
    accepted = re.findall(r"Accepted certificate ID \"(\S+)\"", sshd.said())
    assert (accepted[0] == narrow.key_id, accepted[-1]) == (False, narrow.key_id)


def test_a_key_that_is_not_proved_gets_none(at_work: Cli, firm: Firm):
    """What counts is that its owner signed with it."""
    pair = make_key(at_work.home / ".ssh")
    token = at_work.env["GATEHOUSE_TOKEN"]
    made = firm.serving.call("POST", "/api/v1/ssh/keys", {"public_key": pair.public}, token=token)
    assert made.status == 201

    done = at_work.run("cert", "request", "-k", str(pair.path), "--org", firm.slug)

    assert (done.code, "why: unverified" in done.err) == (4, True), done.said
    foreseen = at_work.run("cert", "request", "-k", str(pair.path), "--dry-run")
    command = f"gatehouse key verify {pair.path}.pub"
    assert (command in done.err, command in foreseen.out) == (True, True)
    assert at_work.run(*command.split()[1:]).code == 0
    assert at_work.run("cert", "request", "-k", str(pair.path)).code == 0


def test_a_second_factor_that_is_too_old_is_asked_for(machine: Cli, firm: Firm):
    """SSH-39: without a browser, and with the command that helps."""
    department = firm.make.department(firm.org, firm.member)
    firm.make.principal(firm.org, department, name="prod")
    path = f"/organizations/{firm.org.id}/departments/{department.id}/cert-policy"
    firm.as_admin("PUT", path, {"mfa_max_age": 600})
    certificate(machine, firm).unlink()

    done = machine.run("ssh", "ensure", "--quiet")

    assert (done.code, done.err.count("\n")) == (6, 1), done.said
    assert "gatehouse login --step-up --profile" in done.err
    foreseen = machine.run("cert", "request", "--dry-run")
    assert (foreseen.code, "10 min" in foreseen.out) == (4, True), foreseen.said


def test_a_sign_in_is_enough_without_a_token(signed_in: Cli, firm: Firm):
    """SSH-11: an access token that ended is renewed on the way, and nobody is asked."""
    assert signed_in.run("ssh", "setup", "--org", firm.slug).code == 0
    certificate(signed_in, firm).unlink()
    signed_in.keep(expires_at=0)

    done = signed_in.run("ssh", "ensure", "--quiet", GATEHOUSE_SERVER="https://other.example")

    assert (done.code, done.said) == (0, ""), done.said
    assert certificate(signed_in, firm).exists()


def test_an_organization_that_signs_nothing_says_so(at_work: Cli, make: Factory, user: User):
    org = make.organization()
    make.member(org, user=user)

    done = at_work.run("ssh", "setup", "--org", org.slug, "--host", "*.acme.example")

    assert (done.code, "CA" in done.err or "authority" in done.err) == (5, True), done.said


def test_what_the_doctor_says_of_an_address_is_what_ssh_needs(machine: Cli, firm: Firm):
    """The certificate of a machine names it; ssh knows it by its address."""
    live_in(machine)
    config = machine.home / ".ssh" / "config"
    whole, alias = config.read_text(), f"  HostKeyAlias {NAME}\n"
    config.write_text(whole.replace(alias, ""))
    assert "Host key verification failed" in ssh(machine).stderr

    done = machine.run("ssh", "doctor", NAME, "--json")

    (wrong,) = (one for one in done.json if not one["ok"])
    assert (wrong["about"], alias.strip() in wrong["says"]) == ("known hosts", True)
    config.write_text(whole)
    assert ssh(machine).returncode == 0


def test_the_doctor_finds_nothing_where_nothing_is_wrong(machine: Cli, firm: Firm):
    """SSH-37, SSH-01."""
    live_in(machine)

    done = machine.run("ssh", "doctor", NAME, "--json")

    assert done.code == 0, done.said
    found = {one["about"]: one["says"] for one in done.json}
    assert set(found) == {
        *("clock", "sign-in", "key", "policy", "certificate", "host", "agent", "known hosts"),
    }
    assert found["policy"] == "You get: deploy"
    here = machine.run("cert", "show", "--json").json["key_id"].rpartition(":")[2]
    token = machine.env["GATEHOUSE_TOKEN"]
    path = f"/api/v1/ssh/certificates/{here}/revoke"
    assert firm.serving.call("POST", path, {}, token=token).status == 200
    done = machine.run("ssh", "doctor", NAME, "--json")
    assert [one["about"] for one in done.json if not one["ok"]] == ["revoked"]
