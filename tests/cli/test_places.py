"""Files that cannot be written or read: that is said, and the rest goes on."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from gatehouse_cli.failures import Failure
from gatehouse_cli.places import Busy, lock_of, locked, own_folder, replace_file
from gatehouse_cli.ssh_keys import PublicKey, sign
from tests.openssh import make_key

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ["a-file/x", "missing/x", "x" * 250, "proc/x", "dangling/x"])
def test_what_is_not_written_is_said(tmp_path: Path, name: str):
    (tmp_path / "a-file").write_text("")
    (tmp_path / "proc").symlink_to("/proc")
    (tmp_path / "dangling").symlink_to("nothing")

    with pytest.raises(Failure, match="is not written"):
        replace_file(tmp_path / name, "text")


@pytest.mark.parametrize("path", ["/proc/gatehouse", "/dev/null/gatehouse", "/proc/1/x"])
def test_a_folder_that_is_not_made_is_said(path: str):
    with pytest.raises(Failure, match="is not made"):
        own_folder(Path(path))


def test_what_is_no_public_key_does_not_hide_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A key that is named by its fingerprint is looked for in all of ``~/.ssh``."""
    ssh = tmp_path / ".ssh"
    (ssh / "a-folder.pub").mkdir(parents=True)
    (ssh / "a-link.pub").symlink_to("nothing")
    (ssh / "a-loop.pub").symlink_to("a-loop.pub")
    (ssh / "no-text.pub").write_bytes(b"\xff\0 \xff")
    (ssh / "unreadable.pub").symlink_to("/proc/self/mem")
    os.mkfifo(ssh / "a-pipe.pub")
    key = make_key(ssh)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert "SSH SIGNATURE" in sign(PublicKey(key.public), "text")


def test_who_waited_for_a_lock_that_is_gone_waits_for_the_one_that_is_there(tmp_path: Path):
    path, inside, leave = tmp_path / "state.json", Event(), Event()

    def hold() -> None:
        with locked(path):
            inside.set()
            leave.wait(10)

    with ThreadPoolExecutor() as pool:
        with locked(path):
            waiting = pool.submit(hold)
            assert not inside.wait(0.2)
            lock_of(path).unlink()
        assert inside.wait(10)
        with pytest.raises(Busy), locked(path, wait=False):
            pass
        leave.set()
        waiting.result(10)
