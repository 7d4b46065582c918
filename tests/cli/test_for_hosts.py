"""Certificates for machines by the command line: an admin asks, and has them beside the key."""

import stat
from pathlib import Path

import pytest

from gatehouse.accounts.models import User
from gatehouse.core.roles import Role
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse_cli.certificates import read_certificate
from tests.cli.authority import Played
from tests.cli.programs import Cli
from tests.factories import Factory
from tests.openssh import keygen, make_key

pytestmark = pytest.mark.integration

NAME = "db1.example.com"


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine with the key of a host, which is proved."""
    home = tmp_path / "home"
    (home / "etc").mkdir(parents=True)
    cli = Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": "a-token-of-somebody"})
    made = make_key(home / "etc")
    made.path.rename(key_of(cli))
    Path(f"{made.path}.pub").rename(f"{key_of(cli)}.pub")
    played.register(Path(f"{key_of(cli)}.pub").read_text())
    played.signs = {"host": True}
    return cli


def key_of(cli: Cli) -> Path:
    return cli.home / "etc" / "ssh_host_ed25519_key"


def beside(cli: Cli) -> Path:
    return cli.home / "etc" / "ssh_host_ed25519_key-cert.pub"


def ask(cli: Cli, *more: str):
    return cli.run("cert", "request", "--key", str(key_of(cli)), *more)


def test_it_is_put_beside_the_key_of_the_host(machine: Cli, played: Played):
    done = ask(machine, "--host", NAME, "--host", "192.0.2.7", "--ttl", "24h")

    assert done.code == 0, done.said
    found = read_certificate(beside(machine))
    assert (found.kind, found.principals) == ("host", (NAME, "192.0.2.7"))
    assert stat.S_IMODE(beside(machine).stat().st_mode) == 0o644
    assert f"HostCertificate {beside(machine)}" in done.err
    assert "terminal" not in done.said
    (asked,) = played.asked
    assert {name: asked[name] for name in asked if not name.endswith("_id")} == {
        "cert_type": "host",
        "principals": [NAME, "192.0.2.7"],
        "ttl_seconds": 24 * 3600,
    }
    again = ask(machine, "--host", NAME)
    assert (again.code, len(played.asked)) == (0, 2)


@pytest.mark.parametrize(
    "wrong", [("--host", NAME, "-n", "web"), ("--host", NAME, "--source", "192.0.2.0/24")]
)
def test_what_is_of_people_does_not_go_with_it(machine: Cli, played: Played, wrong):
    assert ask(machine, *wrong).code == 2
    assert played.asked == []


def test_the_key_has_to_be_named(machine: Cli, played: Played):
    """Nobody's own key becomes that of a host by chance."""
    machine.env["SSH_KEY_FILE"] = str(key_of(machine))

    done = machine.run("cert", "request", "--host", NAME)

    assert (done.code, played.asked) == (2, [])
    assert "--key" in done.err


def test_a_certificate_of_a_person_is_not_lost(machine: Cli, played: Played):
    text = played.authority.sign(Path(f"{key_of(machine)}.pub").read_text())
    beside(machine).write_text(f"{text}\n")

    done = ask(machine, "--host", NAME)

    assert (done.code, played.asked) == (2, [])
    assert beside(machine).read_text() == f"{text}\n"


def test_a_certificate_of_another_kind_is_not_kept(machine: Cli, played: Played):
    played.signs = {"host": False}

    done = ask(machine, "--host", NAME)

    assert done.code == 5
    assert not beside(machine).exists()


def test_the_server_signs_for_admins_and_names_what_it_does_not(
    at_work: Cli, make: Factory, user: User, tmp_path: Path
):
    """With the real server, and with ssh-keygen to read what it signed."""
    org = make.organization()
    place = make.member(org, Role.ADMIN, user=user)
    make.authority(org, AuthorityKind.HOST)
    key = make_key(tmp_path).path
    added = at_work.run("key", "add", str(key))
    assert added.code == 0, added.said
    wish = ("cert", "request", "--key", str(key), "--host", NAME)

    foreseen, done = at_work.run(*wish, "--dry-run"), at_work.run(*wish)

    assert foreseen.code == 0, foreseen.said
    assert f"  with {NAME}\n" in foreseen.out
    assert "terminal" not in foreseen.said
    assert done.code == 0, done.said
    shown = keygen("-L", "-f", key.with_name(f"{key.name}-cert.pub"))
    assert "host certificate" in shown
    assert NAME in shown
    wrong = at_work.run(*wish, "--host", "*.example.com")
    assert wrong.code == 4
    assert "No patterns" in wrong.err
    make.change(place, role=Role.MEMBER)
    assert at_work.run(*wish).code == 4
