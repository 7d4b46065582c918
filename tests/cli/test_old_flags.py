"""Flags and names of earlier command lines: what scripts have of them goes on working."""

from pathlib import Path

import pytest

from tests.cli.authority import Played
from tests.cli.programs import Cli
from tests.cli.stage import OK, enveloped
from tests.openssh import KeyFile, make_key

pytestmark = pytest.mark.integration


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    return Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": "a-token-of-somebody"})


@pytest.fixture
def own(machine: Cli) -> KeyFile:
    return make_key(machine.home)


def test_a_key_is_added_and_signed_at_once(machine: Cli, played: Played, own: KeyFile):
    done = machine.run("-a", "-r", "-k", str(own.path))

    assert done.code == 0, done.said
    assert len(played.keys) == 1
    assert Path(f"{own.path}-cert.pub").exists()
    assert machine.run("-r", "-k", str(own.path)).code == 0
    assert len(played.asked) == 1
    assert machine.run("-rf", "--key", str(own.path), "--json").json["principals"]
    assert machine.run("--request", "--force", SSH_KEY_FILE=str(own.path)).code == 0
    assert len(played.asked) == 3


def test_keys_are_listed_and_removed(machine: Cli, played: Played, own: KeyFile):
    row = played.register(own.public)
    row |= {"key_type": "ssh-ed25519", "created_at": "2026-11-22T18:00:00Z"}
    gone = {"status": "deleted"}
    played.stage.plays[f"/api/v1/ssh/keys/{row['id']}"] = lambda _form: (OK, enveloped(gone))

    assert machine.run("--list-keys", "--json").json == {"keys": [row]}
    assert machine.run("--remove-key", "A key").code == 2
    assert machine.run("--remove-key", "A key", "-f", "--json").json == gone
    assert machine.run("-f", "--remove-key", "-x").code == 1


def test_what_was_kept_is_cleared(machine: Cli):
    done = machine.run("-c")

    assert (done.code, "not signed in" in done.err) == (0, True)


@pytest.mark.parametrize("path", ["", "/", "/api/v1", "/api/v1/ssh/sign"])
def test_the_server_had_another_name(machine: Cli, played: Played, path: str):
    done = machine.run("whoami", "--json", GATEHOUSE_SERVER="", SIGN_URL=machine.server + path)

    assert done.json["user"]["email"] == "kim@example.com"
    elsewhere = machine.run("whoami", SIGN_URL="http://127.0.0.1:1")
    assert elsewhere.code == 0


@pytest.mark.parametrize(
    "arguments", [["-f"], ["-k", "x"], ["-r", "whoami"], ["-a", "key", "list"], ["-x"], []]
)
def test_what_makes_no_sense_is_refused(machine: Cli, played: Played, arguments: list[str]):
    done = machine.run(*arguments)

    assert (done.code, done.out) == (2, "")
    assert played.stage.calls == []
    assert "--remove-key " not in machine.run("--help").out
