"""A run of `gatehouse` without the tenth of a second that it imports what others wrote.

A process that has done so forks for each run. The command itself is imported anew, and begins and
ends as `python -m gatehouse_cli` does: with streams, arguments, environment, folder of its own.
"""

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from struct import pack, unpack
from typing import Any

NEEDED = (
    *("click", "httpx2", "httpcore2", "platformdirs", "rich.console", "rich.table", "truststore"),
    *("anyio.streams.tls", "email.parser", "encodings.idna", "http.server", "webbrowser"),
)


class Forked:
    """What tests use of `subprocess.Popen`, with a pipe for each stream."""

    def __init__(self, arguments: tuple[str, ...], env: dict[str, str], cwd: Path) -> None:
        self.returncode: int | None = None
        self._told, teller = socket.socketpair()
        (stdin, given), (out, stdout), (err, stderr) = (os.pipe() for _ in range(3))
        self.stdin, self.stdout = os.fdopen(given, "wb", 0), os.fdopen(out, "rb", 0)
        self.stderr = os.fdopen(err, "rb", 0)
        theirs = (stdin, stdout, stderr, teller.detach())
        wanted = json.dumps([arguments, env, str(cwd)])
        socket.send_fds(zygote(), [wanted.encode()], theirs)
        for fd in theirs:
            os.close(fd)
        self.pid = self._number()

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                self.returncode = self._number()
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("gatehouse", timeout or 0) from None
            self._told.close()
        return self.returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def communicate(self, given: bytes = b"", timeout: float | None = None) -> list[bytes]:
        if self.stdout.closed:
            return [b"", b""]
        with ThreadPoolExecutor(2) as threads, self.stdout, self.stderr:
            said = [threads.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                # It need not listen.
                with suppress(BrokenPipeError), self.stdin:
                    self.stdin.write(given)
                found = [one.result(timeout) for one in said]
                self.wait(timeout)
            finally:
                # Past the time, this ends the reading.
                self.kill()
        return found

    def _number(self) -> int:
        return int(unpack("i", self._told.recv(4, socket.MSG_WAITALL))[0])


@cache
def zygote() -> socket.socket:
    """Where to ask for a run. The process ends when nobody can ask any more."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, __file__, str(theirs.fileno())],
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def fork_when_asked(asked: socket.socket) -> None:
    """Return in each process that is to be the command."""
    while True:
        wanted, fds, *_ = socket.recv_fds(asked, 2**16, 4)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not wanted:
            sys.exit()
        if os.fork() == 0:
            asked.close()
            return fork_and_tell(json.loads(wanted), *fds)
        for fd in fds:
            os.close(fd)


def fork_and_tell(wanted: Any, stdin: int, stdout: int, stderr: int, teller: int) -> None:
    """Tell the id of the command, and how it ended; return in it."""
    if command := os.fork():
        for fd in (stdin, stdout, stderr):
            os.close(fd)
        os.write(teller, pack("i", command))
        status = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
        with suppress(BrokenPipeError):
            os.write(teller, pack("i", status))
        os._exit(0)
    os.close(teller)
    for number, fd in enumerate((stdin, stdout, stderr)):
        os.dup2(fd, number)
        os.close(fd)
    sys.argv[1:], env, folder = wanted
    os.chdir(folder)
    # Beside PATH there is only what an interpreter itself adds, as to a real one's.
    os.environ.update(env)
    sys.path[:1] = [folder, *env["PYTHONPATH"].split(os.pathsep)]


if __name__ == "__main__":
    for name in NEEDED:
        import_module(name)
    fork_when_asked(socket.socket(fileno=int(sys.argv[1])))
    try:
        runpy.run_module("gatehouse_cli", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, int | None):
            atexit._run_exitfuncs()  # noqa: SLF001
            # Without tidying up what was only imported; but a pipe that broke is complained about.
            with suppress(OSError):
                sys.stdout.flush()
                os._exit(end.code or 0)
        raise
