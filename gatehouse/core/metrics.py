"""Counting what happens, in every process for itself, and adding it up when somebody asks.

Each process writes into a file of its own, so that nothing is lost when it dies and no server needs
a hook. Whoever reads adds the files up; those of processes that are gone are added to one file.
"""

import fcntl
import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR
from threading import Lock
from typing import IO

import orjson
from uuid_utils import uuid7

from gatehouse.core.logging import LOGGER

# Seconds; the last bucket is for all that is longer.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SUM = len(BUCKETS) + 1
SIZES = {"request": SUM + 1, "event": 1, "refusal": 1}
SLOTS = 65_536  # of 8 bytes: some 4,000 routes, methods and kinds of status
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
ENDED = "ended.json"
LOCK = "lock"

Key = tuple[str, ...]
Totals = dict[Key, list[float]]


class Metrics:
    """What this process counts. The file is opened with the first count, after any fork."""

    _starts: dict[Key, int]
    _routes: dict[tuple[str, str | None, int], int]
    _used: int
    _values: "memoryview[float] | array[float]"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: IO[bytes] | None = None
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request. Whatever a caller makes up is ``other``: nobody makes us grow."""
        start = self._routes.get((method, route, status))
        if start is None:
            start = self._place_of_route(method, route, status)
        slot = start + bisect_left(BUCKETS, seconds)
        with self._lock:
            self._values[slot] += 1.0
            self._values[start + SUM] += seconds

    def count(self, kind: str, *labels: str) -> None:
        """Count an ``event`` or a ``refusal``. Labels are words of ours, never a caller's."""
        start = self._place((kind, *labels))
        with self._lock:
            self._values[start] += 1.0

    def _place_of_route(self, method: str, route: str | None, status: int) -> int:
        known = method if method in METHODS else OTHER
        start = self._place(("request", known, route or OTHER, f"{status // 100}xx"))
        if known == method:
            self._routes[method, route, status] = start
        return start

    def _place(self, key: Key) -> int:
        """Where the numbers of ``key`` stand; a place is made with its first count."""
        with self._lock:
            if self._file is None:
                self._file, self._values = self._open()
            found = self._starts.get(key)
            if found is not None:
                return found
            end = self._used + SIZES[key[0]]
            if end > SLOTS:
                return SLOTS  # Full: the slots behind the end are read by nobody.
            self._starts[key] = start = self._used
            self._used = end
            self._file.write(orjson.dumps(key) + b"\n")
            return start

    def _open(self) -> tuple[IO[bytes], "memoryview[float] | array[float]"]:
        """The file for the names, locked as long as we live, and the numbers beside it."""
        size = (SLOTS + SUM + 1) * 8
        try:
            _make_private(self.folder)
            path = self.folder / f"{uuid7()}.names"
            numbers = path.with_suffix(".numbers")
            with _reading_alone(self.folder), numbers.open("w+b") as file:
                names = path.open("wb", buffering=0)
                fcntl.flock(names, fcntl.LOCK_EX)
                file.truncate(size)
                return names, memoryview(mmap.mmap(file.fileno(), size)).cast("d")
        except OSError as error:
            LOGGER.warning("Metrics of this process are not kept: %s", error)
            return Path(os.devnull).open("wb", buffering=0), array("d", bytes(size))

    def close(self) -> None:
        """Let go of the file: what was counted stays in it."""
        if self._file is not None:
            self._file.close()

    def _forget(self) -> None:
        """Begin anew. A child that was forked has no part in its parent's file."""
        self.close()
        self._lock = Lock()
        self._starts = {}
        self._routes = {}
        self._used = 0
        self._file = None
        self._values = array("d")


def totals(folder: Path) -> Totals:
    """What all processes have counted, those that are gone included."""
    if not folder.is_dir():
        return {}
    with _reading_alone(folder):
        ended = folder / ENDED
        gone = _from_json(ended.read_bytes()) if ended.exists() else {}
        alive: Totals = {}
        done = []
        for names in sorted(folder.glob("*.names")):
            is_gone = _is_unlocked(names)
            _add(gone if is_gone else alive, _numbers_of(names))
            done += [names] if is_gone else []
        if done:
            fresh = ended.with_suffix(".new")
            fresh.write_bytes(orjson.dumps([[key, values] for key, values in gone.items()]))
            fresh.replace(ended)
        for names in done:
            names.with_suffix(".numbers").unlink(missing_ok=True)
            names.unlink()
    return _add(gone, alive)


def _numbers_of(names: Path) -> Totals:
    numbers = array("d", names.with_suffix(".numbers").read_bytes())
    found: Totals = {}
    start = 0
    # A process that died while it wrote has left half a line: nothing was counted for that.
    for line in names.read_bytes().split(b"\n")[:-1]:
        key: Key = tuple(orjson.loads(line))
        end = start + SIZES[key[0]]
        found[key] = list(numbers[start:end])
        start = end
    return found


def _add(to: Totals, more: Totals) -> Totals:
    for key, values in more.items():
        known = to.get(key)
        to[key] = [a + b for a, b in zip(known, values, strict=True)] if known else list(values)
    return to


def _from_json(content: bytes) -> Totals:
    """What was kept; numbers of another version, whose sizes differ, are left out."""
    kept = ((tuple(key), values) for key, values in orjson.loads(content))
    return {key: values for key, values in kept if SIZES.get(key[0]) == len(values)}


def _is_unlocked(path: Path) -> bool:
    """Whether the process is gone: the system has let go of its lock, however it ended."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextmanager
def _reading_alone(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make_private(folder: Path) -> None:
    """Make the folder, for us alone. Raises OSError if it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not ours")
