"""Folders that others may write to: sshd believes nothing below them, and `status` says so."""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import pytest

from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import NAME, PlayedHost
from tests.cli.programs import Cli
from tests.cli.stage import staged
from tests.openssh import KeyFile, make_key

pytestmark = pytest.mark.integration
REFUSED = "Authentication refused: bad ownership or modes for directory {}\n"


class Estate:
    """An enrolled machine whose sshd is as strict as it is by itself, and somebody who may in."""

    def __init__(self, box: Box, key: KeyFile, certificate: str) -> None:
        self.box, self.key, self.certificate = box, key, certificate

    def log(self) -> str:
        """What sshd writes of a login."""
        said = self.box.login(self.key.path, self.certificate, name=NAME).log
        return said.replace("\r\n", "\n")

    def problems(self) -> str:
        status = self.box.run("status", "--json")
        found = status.json["problems"]
        assert (status.code, "Traceback" in status.err) == (bool(found), False), status.said
        return "".join(f"{one}\n" for one in found)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    (tmp_path / "home").mkdir()
    with staged() as stage, Box(tmp_path / "box", Cli(tmp_path / "home", stage.url)) as box:
        gate = PlayedHost(stage, tmp_path / "ca", box.account)
        assert box.enroll("token").code == 0
        box.drop_in.with_name("a.conf").write_text("StrictModes yes\n")
        box.restart()
        key = make_key(tmp_path / "home")
        yield Estate(box, key, gate.people.sign(key.public, principals=["prod"]))


def helps(place: Path) -> str:
    return f"chmod go-w {quote(str(place))}\n"


def test_what_sshd_refuses_for_its_folders_is_named(estate: Estate):
    box = estate.box
    for place in (box.principals_file.parent, box.folder, box.ssh, box.directory):
        place.chmod(0o757)
        assert REFUSED.format(place) in estate.log()
        assert helps(place) in estate.problems()

        # Debian's sshd lets a group have it in which nobody else is; others do not.
        place.chmod(0o775)
        assert helps(place) in estate.problems()

        # Nobody is told to take from the others what is everybody's.
        place.chmod(0o1777)
        assert REFUSED.format(place) in estate.log()
        [about] = (line for line in estate.problems().splitlines() if f" {place}:" in line)
        assert about.endswith("Enrol this machine with another --folder.")

        place.chmod(0o755)
        assert REFUSED.format(place) not in estate.log()
        assert helps(place) not in estate.problems()


def test_of_other_files_sshd_does_not_mind(estate: Estate):
    """Whoever can write to our folder could name authorities of their own: that is said."""
    box = estate.box
    box.drop_in.with_name("a.conf").write_text("StrictModes no\n")
    box.restart()
    assert estate.problems() == ""
    box.folder.chmod(0o757)

    assert "Accepted publickey" in estate.log()

    assert helps(box.folder) in estate.problems()
    box.folder.chmod(0o755)
    box.ssh.chmod(0o757)
    assert estate.problems() == ""
