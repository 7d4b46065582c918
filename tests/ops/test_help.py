"""What ``--help`` says: a line for each command that is whole, and one for each option."""

import re
import tomllib

import click
import pytest

from gatehouse import __version__
from gatehouse.commands import serve
from gatehouse.core.settings import ROOT
from tests.commanding import command

WIDTH = 72  # characters that click has for a name and its line; it ends a longer one in dots
THEIRS = ("db", "routes", "run", "shell", "limiter")


def every(group: click.Group, path: str = ""):
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        if path or name not in THEIRS:
            yield f"{path} {name}".strip(), found
            if isinstance(found, click.Group):
                yield from every(found, name)


def _group(name: str) -> str:
    return name.rpartition(" ")[0]


@pytest.fixture
def commands(make_app) -> dict[str, click.Command]:
    return {**dict(every(make_app().cli)), "serve": serve}


def test_each_command_says_in_one_line_what_it_does(commands):
    assert {"jobs list", "outbox retry", "doctor", "cleanup_sessions"} <= commands.keys()
    for name, found in commands.items():
        line = found.short_help or (found.help or "").partition("\n")[0]
        assert line.endswith("."), name
        beside = [len(other.split()[-1]) for other in commands if _group(other) == _group(name)]
        assert not found.get_short_help_str(WIDTH - max(beside)).endswith("..."), name
        assert "Returns" not in line, name


def test_each_option_says_in_one_line_what_it_does(commands):
    for name, found in commands.items():
        for option in found.params:
            if isinstance(option, click.Option):
                assert (option.help or "").endswith("."), (name, option.opts)
                assert option.help.split()[0].istitle(), (name, option.opts)


def test_each_argument_is_named_in_the_help(commands):
    for name, found in commands.items():
        for argument in found.params:
            if isinstance(argument, click.Argument) and found.params:
                word = argument.make_metavar(click.Context(found)).strip("[].")
                assert word.split("_")[0] in found.help.upper(), (name, word)


def test_help_is_printed():
    done = command("jobs", "--help")

    assert done.returncode == 0
    assert "Run the job NAME once." in done.stdout


def test_the_documents_name_one_way_to_run_a_command():
    """``flask X`` is the same, and is said once; ``serve`` is there under manage.py alone."""
    own = re.compile(r"\bflask\s+(?:audit|create|db|doctor|jobs|mail|operators|outbox|worker)")
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        assert not own.search(path.read_text()), path.name


def test_the_version_is_said_whatever_the_settings_are():
    done = command("--version", FLASK_ENV="production", SECRET_KEY="")

    assert (done.returncode, done.stdout) == (0, f"Gatehouse {__version__}\n")


def test_there_is_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == __version__
