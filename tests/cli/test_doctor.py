"""The doctor: each thing that can be wrong is found, and said with what helps."""

import os
import pwd
import shlex
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gatehouse_cli.certificates import read_certificate
from gatehouse_cli.doctor import looked_up
from tests.cli.authority import Authority, Played, put_certificate, set_up
from tests.cli.homes import HOST, folder, live_in
from tests.cli.programs import Cli, Done
from tests.cli.stage import OK, enveloped, refusal
from tests.openssh import keygen, make_key, ssh_add

pytestmark = pytest.mark.integration
Agent = dict[str, str]  # what names it in the environment

FORESEEN: dict[str, Any] = {
    "allowed": True,
    "refusals": [],
    "principals": [
        {"name": "deploy", "included": True, "why_not": None},
        {"name": "db", "included": False, "why_not": "not_granted"},
    ],
    "ip": "192.0.2.7",
}


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine on which acme is set up, and ssh goes by this home."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    cli = Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": "a-token-of-somebody"})
    set_up(cli)
    live_in(cli)
    played.stage.plays["/api/v1/ssh/sign/preview"] = lambda _form: (OK, enveloped(FORESEEN))
    return cli


def wrong(done: Done) -> dict[str, str]:
    """What the doctor found that is not as it should be."""
    assert "Traceback" not in done.err
    found = {one["about"]: one["says"] for one in done.json if not one["ok"]}
    assert done.code == (1 if found else 0), done.said
    return found


def test_where_all_is_well_nothing_is_wrong(machine: Cli):
    done = machine.run("ssh", "doctor", HOST)

    assert done.code == 0
    assert "gatehouse host status" in done.err
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert {line[0] for line in lines} == {"ok"}
    assert [line[1] for line in lines] == [
        *("clock", "sign-in", "key", "policy", "certificate", "host", "agent", "known hosts"),
    ]
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}


@pytest.mark.parametrize(("seconds", "says"), [(-7200, "ahead of"), (7200, "behind"), (20, None)])
def test_a_clock_that_is_wrong_is_found(machine: Cli, played: Played, seconds: int, says: str):
    """SSH-01: by the server's Date."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + seconds, usegmt=True)

        def log_message(self, *_about: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        there = f"http://127.0.0.1:{server.server_port}"
        path = folder(machine) / "organizations.json"
        path.write_text(path.read_text().replace(played.stage.url, there))
        found = wrong(machine.run("ssh", "doctor", HOST, "--json", GATEHOUSE_SERVER=there))
        server.shutdown()

    assert found.get("clock", "").startswith("The clock here is ") == bool(says)
    assert not says or says in found["clock"]


@pytest.mark.parametrize(
    ("how", "about", "says"),
    [
        ({"begins": -600, "ends": -60}, "certificate", "expired: gatehouse ssh ensure"),
        ({"begins": 600}, "certificate", "not yet valid: gatehouse ssh ensure"),
        ({"options": ("source-address=10.0.0.0/8",)}, "address", "192.0.2.7, and you are not"),
        ({"options": ("clear",)}, "terminal", "permit-pty"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_found(
    machine: Cli, played: Played, how: dict[str, Any], about: str, says: str
):
    """SSH-09, SSH-10."""
    put_certificate(machine, played.authority, **how)
    played.refuse("403 Forbidden", "NO_PRINCIPALS")

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert set(found) == {about}
    assert says in found[about]


def test_a_certificate_that_lacks_what_was_given_since_is_found(machine: Cli, played: Played):
    more = {"name": "db", "included": True, "why_not": None}
    said = {**FORESEEN, "principals": [FORESEEN["principals"][0], more]}
    plays = played.stage.plays
    plays["/api/v1/ssh/sign/preview"] = lambda _form: (OK, enveloped(said))

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert found == {"principals": "The certificate lacks db: gatehouse cert request --org acme"}
    put_certificate(machine, played.authority, begins=-600, ends=-60)
    assert set(wrong(machine.run("ssh", "doctor", HOST, "--json"))) == {"certificate"}


def test_of_one_that_was_revoked_nothing_else_is_said(machine: Cli, played: Played):
    """How long it would be good is of no use to anybody, nor what it lacks."""
    more = {"name": "db", "included": True, "why_not": None}
    said = {**FORESEEN, "principals": [FORESEEN["principals"][0], more]}
    played.stage.plays["/api/v1/ssh/sign/preview"] = lambda _form: (OK, enveloped(said))
    played.states[read_certificate(folder(machine) / "acme-cert.pub").id] = "revoked"

    done = machine.run("ssh", "doctor", HOST, "--json")

    assert wrong(done) == {"revoked": "It was revoked: gatehouse cert request --org acme"}
    assert "certificate" not in {one["about"] for one in done.json}


def test_a_certificate_of_another_key_is_found(machine: Cli, played: Played, tmp_path: Path):
    other = played.authority.sign(make_key(tmp_path).public)
    (folder(machine) / "acme-cert.pub").write_text(other)

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert "another key" in found["certificate"]
    (folder(machine) / "acme.pub").unlink()
    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
    assert {"key", "certificate"} <= set(found)


def test_a_private_key_that_nobody_here_has_is_found(machine: Cli, tmp_path: Path, agent: Agent):
    private = folder(machine) / "acme"
    private.rename(tmp_path / "acme")

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert found == {
        "private key": f"{private} is not there. Make another one: gatehouse ssh setup --org acme"
    }
    ssh_add(agent, tmp_path / "acme")
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}
    assert machine.run("ssh", "setup", "--org", "acme").code == 0
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}


@pytest.mark.parametrize("ending", ["", ".pub"])
def test_a_key_of_ones_own_that_nobody_has_is_found(machine: Cli, tmp_path: Path, ending: str):
    pair = make_key(tmp_path)
    if ending:
        pair.path.unlink()
    assert machine.run("ssh", "setup", "--org", "acme", "--key", f"{pair.path}{ending}").code == 0
    pair.path.unlink(missing_ok=True)

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert set(found) == {"private key"}
    assert "gatehouse ssh setup --org acme --key PATH" in found["private key"]
    assert ("ssh-add" in found["private key"]) == bool(ending)


def test_what_the_server_would_refuse_is_found(machine: Cli, played: Played):
    plays = played.stage.plays
    no = {"error_type": "NO_PRINCIPALS", "message": "Ask an admin.", "details": {}}
    refused = {**FORESEEN, "allowed": False, "refusals": [no]}
    plays["/api/v1/ssh/sign/preview"] = lambda _form: (OK, enveloped(refused))
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {"policy": "Ask an admin."}

    for state, helps in (("expired", "gatehouse key add"), ("unverified", "gatehouse key verify")):
        played.keys[0] |= {"verified": False, "state": state}
        found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
        assert helps in found["key"]

    played.keys.clear()
    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
    assert set(found) == {"key"}
    assert "gatehouse key add" in found["key"]

    over = refusal("INVALID_TOKEN", "Over.")
    plays["/api/v1/auth/me"] = lambda _form: ("401 Unauthorized", over)
    assert set(wrong(machine.run("ssh", "doctor", HOST, "--json"))) == {"sign-in"}
    del machine.env["GATEHOUSE_TOKEN"]
    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
    assert "gatehouse login --profile" in found["sign-in"]


def test_a_server_that_is_away_hides_nothing_else(machine: Cli, played: Played):
    path = folder(machine) / "organizations.json"
    path.write_text(path.read_text().replace(played.stage.url, "http://127.0.0.1:1"))
    machine.env["GATEHOUSE_SERVER"] = "http://127.0.0.1:1"

    done = machine.run("ssh", "doctor", HOST, "--json")

    assert set(wrong(done)) == {"server", "sign-in"}
    assert {one["about"] for one in done.json if one["ok"]} >= {"certificate", "host"}


def test_a_machine_that_is_not_meant_is_found(machine: Cli):
    config = machine.home / ".ssh" / "config"
    strange = wrong(machine.run("ssh", "doctor", "x.example", "--json"))
    assert "gatehouse ssh setup --org acme" in strange["host"]
    assert "known hosts" in strange

    ours = config.read_text()
    config.write_text(f"{ours}Host web\n    HostName {HOST}\n")
    assert f"ssh {HOST}" in wrong(machine.run("ssh", "doctor", "web", "--json"))["host"]

    config.write_text("")
    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
    assert "does not read what we wrote" in found["host"]
    account = pwd.getpwuid(os.getuid()).pw_dir
    assert f"HOME is {machine.home}: by itself ssh reads what is in {account}." in found["host"]

    config.write_text("Nonsense yes\n")
    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
    assert "Bad configuration option" in found["ssh"]


def test_known_hosts_that_say_nothing_of_the_machine_are_found(machine: Cli):
    path = folder(machine) / "acme-known_hosts"
    path.write_text(path.read_text().replace("*.acme.example", "*.acme.example,!web1*"))
    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
    assert "gatehouse ssh known-hosts" in found["known hosts"]
    path.unlink()
    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))
    assert set(found) == {"known hosts"}


def test_authorities_of_before_are_found(machine: Cli, played: Played, tmp_path: Path):
    path = folder(machine) / "acme-known_hosts"
    other = Authority.made(tmp_path / "other").key.public
    path.write_text(path.read_text().replace(played.authority.key.public, other))

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert set(found) == {"known hosts"}
    assert "by other keys now: gatehouse ssh known-hosts" in found["known hosts"]
    assert machine.run("ssh", "known-hosts").code == 0
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}


def test_known_hosts_that_others_take_the_place_of_are_found(machine: Cli):
    config = machine.home / ".ssh" / "config"
    config.write_text(f"Host {HOST}\n    UserKnownHostsFile /dev/null\n{config.read_text()}")

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert set(found) == {"known hosts"}
    assert "UserKnownHostsFile above our lines" in found["known hosts"]


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({}, ("web",)),
        ({"hostname": ["10.0.0.1"]}, ("10.0.0.1",)),
        ({"hostname": ["10.0.0.1"], "port": ["22"]}, ("10.0.0.1",)),
        ({"hostname": ["10.0.0.1"], "port": ["2222"]}, ("[10.0.0.1]:2222", "10.0.0.1")),
        ({"hostname": ["x"], "hostkeyalias": ["y"], "port": ["2222"]}, ("y",)),
    ],
)
def test_a_machine_is_looked_up_as_ssh_does(config: dict[str, list[str]], names: tuple[str, ...]):
    assert looked_up("web", config) == names


def test_a_machine_that_is_reached_by_its_address_is_known_by_its_name(machine: Cli):
    """ssh looks for what stands behind HostName, and authorities speak for names."""
    config = machine.home / ".ssh" / "config"
    ours = config.read_text()
    config.write_text(f"{ours}Host {HOST}\n    HostName 192.0.2.9\n")

    found = wrong(machine.run("ssh", "doctor", HOST, "--json"))

    assert set(found) == {"known hosts"}
    assert "ssh looks for 192.0.2.9" in found["known hosts"]
    help_ = f"HostKeyAlias {HOST}"
    assert help_ in found["known hosts"]
    assert "gatehouse ssh known-hosts" not in found["known hosts"]
    config.write_text(f"{ours}Host {HOST}\n    HostName 192.0.2.9\n    {help_}\n")
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}


def test_an_authority_may_speak_for_a_port(machine: Cli):
    config, path = machine.home / ".ssh" / "config", folder(machine) / "acme-known_hosts"
    config.write_text(f"{config.read_text()}Host {HOST}\n    Port 2222\n")
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}

    path.write_text(path.read_text().replace("*.acme.example", "[*.acme.example]:2222"))

    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}


def test_a_short_name_for_an_address_is_set_up_as_it_is_said(machine: Cli):
    config = machine.home / ".ssh" / "config"
    alias = f"Host web\n    HostName 192.0.2.9\n    HostKeyAlias {HOST}\n"
    config.write_text(config.read_text() + alias)

    found = wrong(machine.run("ssh", "doctor", "web", "--json"))

    _, _, command = found["host"].partition(": gatehouse ")
    assert machine.run(*shlex.split(command)).code == 0
    assert wrong(machine.run("ssh", "doctor", "web", "--json")) == {}
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}


def test_what_looks_like_an_option_is_none(machine: Cli):
    for host in ("-oProxyCommand=touch pwned", "--", ""):
        done = machine.run("ssh", "doctor", "--json", "--", host)
        assert (done.code, "Traceback" in done.err) == (1, False)
    assert not (machine.home / "pwned").exists()


def test_many_keys_in_the_agent_are_found(machine: Cli, agent: Agent, tmp_path: Path):
    """SSH-29: machines hang up after six."""
    config = machine.home / ".ssh" / "config"
    config.write_text(f"IdentitiesOnly no\n{config.read_text()}")
    assert wrong(machine.run("ssh", "doctor", HOST, "--json")) == {}
    for number in range(6):
        path = tmp_path / f"key{number}"
        keygen("-q", "-t", "ed25519", "-N", "", "-f", path)
        ssh_add(agent, "-q", path)

    assert "6 keys" in wrong(machine.run("ssh", "doctor", HOST, "--json"))["agent"]
