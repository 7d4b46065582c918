"""The agent has key and certificate for as long as that is good."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.authority import Played, put_certificate, set_up
from tests.cli.homes import folder
from tests.cli.programs import Cli
from tests.openssh import make_key, ssh_add
from tests.tools import the_program

pytestmark = pytest.mark.integration
Agent = dict[str, str]  # what names it in the environment


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine on which acme is set up."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    cli = Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": "a-token-of-somebody"})
    set_up(cli)
    return cli


def in_agent(agent: Agent) -> list[str]:
    lines = ssh_add(agent, "-L").splitlines()
    return [" ".join(line.split()[:2]) for line in lines if "AAAA" in line]


def certificate(cli: Cli) -> str:
    return " ".join((folder(cli) / "acme-cert.pub").read_text().split()[:2])


def test_the_agent_has_a_certificate_for_as_long_as_it_is_good(
    machine: Cli, played: Played, agent: Agent
):
    """SSH-30: no longer, and the one before is replaced."""
    first = certificate(machine)
    assert machine.run("ssh", "agent").code == 0
    key = (folder(machine) / "acme.pub").read_text().split()[:2]
    assert in_agent(agent) == [" ".join(key), first]
    put_certificate(machine, played.authority, ends=123, principals=played.principals)

    done = machine.run("ssh", "agent", "--json")

    assert 100 < done.json["seconds"] <= 123
    assert done.json["replaced"] == 1
    assert in_agent(agent) == [" ".join(key), certificate(machine)] != [" ".join(key), first]
    assert [path.name for path in folder(machine).iterdir() if "agent" in path.name] == []
    put_certificate(machine, played.authority, begins=-600, ends=-60)
    assert machine.run("ssh", "agent", "--json").json["seconds"] > 3000
    assert len(in_agent(agent)) == 2


def test_what_else_the_agent_has_stays(machine: Cli, played: Played, agent: Agent, tmp_path: Path):
    place = tmp_path / "other"
    place.mkdir()
    other = make_key(place)
    Path(f"{other.path}-cert.pub").write_text(played.authority.sign(other.public))
    ssh_add(agent, "-q", other.path)
    before = in_agent(agent)

    assert machine.run("ssh", "agent").code == 0
    assert machine.run("ssh", "agent").code == 0

    assert (len(before), len(in_agent(agent))) == (2, 4)
    assert in_agent(agent)[:2] == before


def test_an_agent_that_is_none_is_named(machine: Cli, played: Played):
    the_program("ssh-add")
    for place in ("", "/nowhere", str(machine.home)):
        done = machine.run("ssh", "agent", SSH_AUTH_SOCK=place)
        assert (done.code, done.out, "Traceback" in done.err) == (1, "", False)
        assert "no agent" in done.err
    done = machine.run("ssh", "agent", SSH_AUTH_SOCK="/nowhere", PATH=str(machine.home))
    assert done.code == 1


@pytest.mark.parametrize(
    "how",
    [
        {"principals": ("deploy", "web"), "begins": 60},
        {"principals": ("web",)},
        {"principals": ("deploy", "web"), "options": ("source-address=192.0.2.0/24",)},
    ],
)
def test_a_newer_one_stays_and_one_for_less(
    machine: Cli, played: Played, agent: Agent, tmp_path: Path, how: dict[str, Any]
):
    key = tmp_path / "acme"
    key.write_bytes((folder(machine) / "acme").read_bytes())
    key.chmod(0o600)
    public = (folder(machine) / "acme.pub").read_text()
    Path(f"{key}-cert.pub").write_text(played.authority.sign(public, **how))
    ssh_add(agent, "-q", key)
    before = in_agent(agent)

    done = machine.run("ssh", "agent", "--json")

    assert (done.code, done.json["replaced"]) == (0, 0), done.said
    assert in_agent(agent) == [*before, certificate(machine)]


def test_a_key_that_the_agent_has_by_itself_is_named(machine: Cli, agent: Agent, tmp_path: Path):
    place = tmp_path / "other"
    place.mkdir()
    other = make_key(place)
    ssh_add(agent, "-q", other.path)
    other.path.unlink()
    set_up(machine, "--key", f"{other.path}.pub")

    done = machine.run("ssh", "agent")

    assert (done.code, f"{other.path}.pub is a public key" in done.err) == (2, True)
    assert len(in_agent(agent)) == 1
