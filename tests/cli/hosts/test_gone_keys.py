"""Host keys that are taken from a machine: their certificates and the lines with them go, too."""

import subprocess

import pytest

from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import PlayedHost
from tests.openssh import make_key
from tests.tools import the_program

pytestmark = pytest.mark.integration


def warnings(box: Box) -> str:
    """What sshd has to say of its configuration."""
    command = [the_program("sshd"), "-t", "-f", str(box.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return "".join(line for line in done.stderr.splitlines() if "ssh_host_ecdsa" in line)


def without(box: Box, kind: str) -> list[str]:
    """The files of such a key, which is not there any more, and its certificate, which is."""
    config = box.config.read_text().splitlines()
    box.config.write_text("\n".join(line for line in config if f"_{kind}_" not in line))
    for path in box.ssh.glob(f"ssh_host_{kind}_key*"):
        if not path.name.endswith("-cert.pub"):
            path.unlink()
    return [f"{box.ssh}/ssh_host_{kind}_key-cert.pub", str(box.drop_in)]


def test_with_a_key_its_certificate_goes_and_the_line_for_it(enrolled: Box, gate: PlayedHost):
    certificate, lines = without(enrolled, "ecdsa")
    assert certificate in enrolled.drop_in.read_text()
    assert warnings(enrolled)

    would = enrolled.sync("--dry-run", "--json")
    assert certificate in enrolled.drop_in.read_text()
    done = enrolled.sync("--json")

    assert (done.code, done.json) == (0, would.json), done.said
    assert done.json == {"changed": [lines], "removed": [certificate], "renewed": False}
    assert "Reload sshd" in done.err
    assert str(enrolled.certificate) in enrolled.drop_in.read_text()
    assert certificate not in enrolled.drop_in.read_text()
    assert (warnings(enrolled), certificate in enrolled.used) == ("", False)
    assert enrolled.sync("--json").json == {"changed": [], "removed": [], "renewed": False}


def test_with_a_key_that_is_another_its_certificate_goes(enrolled: Box, gate: PlayedHost):
    other = make_key(enrolled.directory, "ecdsa")
    for ending in ("", ".pub"):
        path = other.path.with_name(f"{other.path.name}{ending}")
        path.replace(enrolled.ssh / f"ssh_host_ecdsa_key{ending}")
    assert warnings(enrolled)

    done = enrolled.sync("--json")

    assert [len(done.json[name]) for name in ("changed", "removed")] == [1, 1], done.said
    assert warnings(enrolled) == ""


def test_what_sshd_refuses_stays_until_it_does_not(enrolled: Box, gate: PlayedHost):
    certificate, lines = without(enrolled, "ecdsa")
    config, was = enrolled.config.read_text(), enrolled.drop_in.read_text()
    enrolled.config.write_text(f"{config}\nNonsense yes\n")

    done = enrolled.sync("--json")

    assert (done.code, done.json["changed"]) == (0, []), done.said
    assert "Nonsense" in done.err
    assert enrolled.drop_in.read_text() == was
    enrolled.config.write_text(config)
    assert enrolled.sync("--json").json["changed"] == [lines]
    assert certificate not in enrolled.drop_in.read_text()


def test_lines_that_somebody_took_away_are_not_written_again(enrolled: Box, gate: PlayedHost):
    without(enrolled, "ecdsa")
    enrolled.drop_in.unlink()

    assert enrolled.sync("--json").json["changed"] == []

    assert not enrolled.drop_in.exists()


def test_a_certificate_that_is_not_ours_stays(enrolled: Box, gate: PlayedHost):
    _, lines = without(enrolled, "ecdsa")
    path = enrolled.ssh / "ssh_host_ecdsa_key-cert.pub"
    path.write_text("of another authority\n")

    done = enrolled.sync("--json")

    assert (done.json["changed"], done.json["removed"]) == ([lines], []), done.said
    assert path.exists()


def test_a_private_key_alone_shows_its_certificate_on(enrolled: Box, gate: PlayedHost):
    """sshd needs no more than that."""
    (enrolled.ssh / "ssh_host_ecdsa_key.pub").unlink()
    was = enrolled.used

    assert enrolled.sync("--json").json == {"changed": [], "removed": [], "renewed": False}

    assert enrolled.used == was


def test_who_enrols_anew_keeps_none_of_before(enrolled: Box, gate: PlayedHost):
    without(enrolled, "ecdsa")

    assert enrolled.run("enroll", "token").code == 0

    assert list(enrolled.ssh.glob("*-cert.pub")) == [enrolled.certificate]
    assert (warnings(enrolled), enrolled.run("status").code) == ("", 0)


@pytest.mark.parametrize("synced", [True, False])
def test_no_certificate_of_ours_is_left(enrolled: Box, gate: PlayedHost, *, synced: bool):
    without(enrolled, "ecdsa")
    if synced:
        assert enrolled.sync().code == 0

    done = enrolled.run("uninstall", "--reloaded")

    assert done.code == 0, done.said
    assert list(enrolled.ssh.glob("*-cert.pub")) == []
