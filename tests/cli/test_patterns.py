"""Patterns of hosts: what they match, and whose machines they are."""

from pathlib import Path

import pytest

from gatehouse_cli.patterns import matches, shared
from tests.cli.authority import KNOWN_HOSTS, Played
from tests.cli.homes import config, folder
from tests.cli.programs import Cli

pytestmark = pytest.mark.integration


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """One on which nothing is set up."""
    return Cli(tmp_path, played.stage.url, {"GATEHOUSE_TOKEN": "a-token-of-somebody"})


@pytest.mark.parametrize(
    ("host", "patterns", "is_one"),
    [
        ("a.example", ["*.example"], True),
        ("A.EXAMPLE", ["*.example"], True),
        ("a.b.example", ["*.example"], True),
        ("example", ["*.example"], False),
        ("a1", ["a?"], True),
        ("a", ["a?"], False),
        ("axb", ["a.b"], False),
        ("a", ["*", "!a"], False),
        ("a", ["!b"], False),
        ("a", [], False),
    ],
)
def test_patterns_are_those_of_ssh(host: str, patterns: list[str], *, is_one: bool):
    assert matches(host, patterns) == is_one


@pytest.mark.parametrize("theirs", ["*.acme.example", "web1.ACME.example", "web?.*", "*b*.e*"])
def test_machines_of_another_organization_are_taken_from_nobody(
    machine: Cli, played: Played, theirs: str
):
    """Its admins chose what they call theirs: their authority would be believed for it."""
    assert machine.run("ssh", "setup").code == 0
    before = config(machine).read_text(), sorted(folder(machine).iterdir())
    played.organizations.append({"id": "2", "slug": "aaa", "name": "Aaa"})
    line = f"@cert-authority *.aaa.example,{theirs} {played.authority.key.public}"
    played.stage.plays[KNOWN_HOSTS.format(2)] = lambda _form: ("200 OK", line)

    done = machine.run("ssh", "setup", "--org", "aaa")

    assert (done.code, theirs in done.err, "acme" in done.err) == (2, True, True), done.err
    assert before == (config(machine).read_text(), sorted(folder(machine).iterdir()))
    chosen = ("--host", "*.aaa.example")
    assert machine.run("ssh", "setup", "--org", "aaa", *chosen).code == 0
    assert machine.run("ssh", "setup", "--org", "aaa").code == 0  # As it was chosen.


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        (("*.a.example",), ("*.b.example",), ()),
        (("*.a.example", "b"), ("db.a.example",), ("*.a.example",)),
        (("a*",), ("*b",), ("a*",)),
        (("a*c",), ("a?",), ("a*c",)),
        (("a*c",), ("ab",), ()),
        (("",), ("*",), ("",)),
        (("a", "!a"), ("!a", "b"), ()),
        (("WEB",), ("web",), ("WEB",)),
        (("*a" * 100,), ("a*" * 100,), ("*a" * 100,)),
        (("[a]:22",), ("a",), ()),
    ],
)
def test_patterns_that_some_machine_matches_both_of(ours, theirs, found):
    assert tuple(shared(ours, theirs)) == found
