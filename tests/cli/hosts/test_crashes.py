"""A machine that stops in the middle, and many that want the same at once."""

import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

import pytest

from gatehouse_cli.places import locked
from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import PlayedHost
from tests.cli.programs import Running

pytestmark = pytest.mark.integration
MOMENT = 0.0003  # Seconds between two looks.


class Watcher:
    """Looks at what sshd uses all the time. ``good`` is what may stand in a file."""

    def __init__(self, good: dict[Path, set[bytes]]) -> None:
        self.good, self.faults, self.looks = good, [], 0
        self._over = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(MOMENT):
            for path, good in self.good.items():
                self._look(path, good)
            self.looks += 1

    def _look(self, path: Path, good: set[bytes]) -> None:
        try:
            found, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            self.faults.append((path.name, error))
            return
        is_whole = found in good if good else found.endswith(b"\n")
        if not is_whole or mode != 0o644:
            self.faults.append((path.name, found, mode))


def change(box: Box, gate: PlayedHost, turn: int) -> None:
    """Everything that a machine fetches is another one now."""
    gate.publish(*range(1, turn + 2))
    accounts = {box.account: ["prod", "dev"] if turn % 2 else ["prod"], f"user{turn}": ["prod"]}
    gate.changes |= {"principals": accounts, "renewal_due": turn % 5 == 3}


def moments(box: Box, gate: PlayedHost) -> list[Callable[[], bool]]:
    """When to stop it: as soon as one of these holds."""
    lines = "".join(f"{one}\n" for one in gate.changes["principals"][box.account]).encode()
    return [
        lambda: any(box.folder.glob(".*")),
        lambda: (box.folder / "revoked.krl").read_bytes() == gate.krl,
        lambda: box.principals_file.read_bytes() == lines,
        lambda: any(box.ssh.glob(".*")),
        lambda: False,
    ]


def stopped(running: Running, is_time: Callable[[], bool]) -> bool:
    """Kill it then; False if it had ended."""
    process = running.process
    while not is_time():
        with suppress(subprocess.TimeoutExpired):
            process.wait(MOMENT)
            break
    process.kill()
    return process.wait() != 0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_sshd_has_all_its_files_at_every_moment(enrolled: Box, gate: PlayedHost):
    """SSH-25: whenever the machine stops in the middle, fifty times."""
    krl, krls, killed = enrolled.folder / "revoked.krl", {gate.krl}, 0
    good = {
        krl: krls,
        enrolled.folder / "user-ca.pub": {f"{gate.people.key.public.strip()}\n".encode()},
        enrolled.principals_file: {b"prod\n", b"prod\ndev\n"},
        enrolled.certificate: set(),
    }
    with Watcher(good) as watcher:
        for turn in range(1, 51):
            change(enrolled, gate, turn)
            krls.add(gate.krl)
            at = moments(enrolled, gate)[turn % 5]
            with enrolled.start_command("sync") as running:
                killed += stopped(running, at)

    assert watcher.faults == []
    assert watcher.looks > 500
    assert killed > 25
    gate.changes["renewal_due"] = False
    assert enrolled.sync().code == 0
    assert krl.read_bytes() == gate.krl
    listed = {path.name for path in enrolled.principals_file.parent.iterdir()}
    assert listed == {enrolled.account, "user50"}
    assert list(enrolled.ssh.rglob(".*")) == []


@pytest.mark.slow
def test_of_many_at_once_one_does_it(enrolled: Box, gate: PlayedHost):
    gate.publish(1, 2, 3)
    running = [enrolled.start_command("sync", "--json") for _ in range(4)]
    done = [one.ended() for one in running]

    assert [one.code for one in done] == [0] * 4, done
    assert sum(bool(one.json["changed"]) for one in done) == 1


def test_a_run_that_hangs_collects_no_others(enrolled: Box, gate: PlayedHost):
    """A timer runs it each minute; it complains when that has been too long."""
    gate.publish(1)
    was = enrolled.used
    with locked(enrolled.folder / "state.json"):
        quiet, said = enrolled.sync("--quiet"), enrolled.sync()
        told = enrolled.sync("--json")
        enrolled.keep(fresh_at=enrolled.kept["fresh_at"] - 3600)
        late = enrolled.sync("--quiet")

    assert (quiet.code, quiet.said) == (0, "")
    assert (said.code, "Another run" in said.err) == (0, True)
    assert (told.code, told.json) == (0, {"changed": [], "removed": [], "renewed": False})
    assert (late.code, "for 1 h" in late.err) == (5, True), late.said
    assert enrolled.sync().code == 0
    assert enrolled.used != was
