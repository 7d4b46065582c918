"""What ssh runs before it connects: a shell, and the command only where there is need."""

import os
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.cli.authority import Played, put_certificate, set_up
from tests.cli.homes import folder, ssh_goes_by
from tests.cli.programs import SOURCE, Cli

pytestmark = pytest.mark.integration


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine whose home has a blank in its name, and on which nothing is set up."""
    home = tmp_path / "home of kim"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    return Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": "a-token-of-somebody"})


SHELLS = [path for name in ("sh", "bash", "dash", "zsh", "fish", "ksh") if (path := which(name))]


@pytest.mark.parametrize("shell", SHELLS)
def test_in_every_shell_a_good_certificate_costs_no_command(
    machine: Cli, played: Played, shell: str
):
    """ssh runs it with the shell of the person. Ours is not even begun."""
    set_up(machine)
    calls = noting_calls(machine)

    ssh_goes_by(machine, SHELL=shell)
    assert calls() == 0
    put_certificate(machine, played.authority, begins=-600, ends=60)
    ssh_goes_by(machine, SHELL=shell)
    assert calls() == 1
    ssh_goes_by(machine, SHELL=shell)
    assert calls() == 1
    assert ssh_goes_by(machine, "x.other.example", SHELL=shell)
    assert calls() == 1


@pytest.mark.parametrize("times", ["", "junk", "1 2", "9999999999 99999999999", "0", "a b; exit 0"])
def test_a_note_that_says_something_else_is_not_believed(machine: Cli, times: str):
    set_up(machine)
    calls = noting_calls(machine)
    (folder(machine) / "acme.times").write_text(times)

    ssh_goes_by(machine)

    assert calls() == 1


def test_without_the_certificate_the_note_counts_for_nothing(machine: Cli, played: Played):
    set_up(machine)
    played.asked.clear()
    (folder(machine) / "acme-cert.pub").unlink()

    ssh_goes_by(machine)

    assert len(played.asked) == 1
    assert (folder(machine) / "acme-cert.pub").exists()


def noting_calls(cli: Cli) -> Any:
    """How often the command was begun since now. A program in its place notes it, and goes on."""
    note, program = cli.home / "calls", cli.home / "bin with blank" / "gatehouse"
    program.parent.mkdir()
    run = f'PYTHONPATH="{SOURCE}" exec {sys.executable} -m gatehouse_cli "$@"'
    program.write_text(f'#!/bin/sh\necho >> "{note}"\n{run}\n')
    program.chmod(0o755)
    cli.env["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    assert cli.run("ssh", "setup", "--org", "acme").code == 0
    return lambda: len(note.read_text().splitlines()) if note.exists() else 0


def test_a_desktop_finds_the_command_as_well(machine: Cli, played: Played):
    """What is started there has another PATH than a shell."""
    set_up(machine)
    calls = noting_calls(machine)
    put_certificate(machine, played.authority, begins=-600, ends=60)

    ssh_goes_by(machine, PATH="/usr/bin:/bin")

    assert calls() == 1


def test_ssh_runs_nothing_of_the_folder_where_somebody_is(machine: Cli, played: Played):
    """Where no `gatehouse` is in PATH, ssh runs a module: ours, not just any of its name."""
    places = os.environ["PATH"].split(":")
    machine.env["PATH"] = ":".join(one for one in places if not Path(one, "gatehouse").exists())
    set_up(machine)
    evil = machine.home / "evil" / "gatehouse_cli"
    evil.mkdir(parents=True)
    for name in ("__init__.py", "__main__.py"):
        (evil / name).write_text("open('was here', 'w')\n")
    path = put_certificate(machine, played.authority, begins=-600, ends=60)
    before = path.read_text()

    ssh_goes_by(machine, cwd=evil.parent)

    assert not (evil.parent / "was here").exists()
    assert path.read_text() != before
