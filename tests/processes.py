"""A server as a child process of the tests: started, stopped, killed, never left behind.

It has a port on 127.0.0.1 that it keeps over restarts, a random password, and one directory for
everything it writes. It ends with `stop()`, else at the end of this process, else, when this
process is killed, by the hand of a watchdog.
"""

import abc
import atexit
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import psutil

PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.01
ATTEMPTS = 5
# Below the range from which Linux and macOS serve outgoing connections: a client that retries
# while its server is down could otherwise be given the server's own port.
PORTS = range(20_000, 32_768)
# Nobody ever writes to it: its input ends when we do, however that happens.
WATCHDOG = 'read -r line || kill -s "$0" "$1"'


class ServerError(Exception):
    """A server cannot start, or did not stop in time."""


class Server(abc.ABC):
    """A server process of ours; what is the same for every kind of server."""

    ends_on: ClassVar[signal.Signals]

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.log = self.directory / "server.log"
        self.port = 0
        self.password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether the process lives, be it that it still starts."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the process, also of one that ended by itself."""
        if self._process is None:
            raise ServerError("The server was not started.")
        return self._process.pid

    def start(self) -> None:
        """Start the server and return when it answers."""
        if self.is_running:
            return
        self.stop()
        self.directory.mkdir(parents=True, exist_ok=True)
        self._prepare()
        known = self.port
        for _ in range(ATTEMPTS):
            self.port = known or free_port()
            if self._comes_up():
                return
            # The port may have been taken since we looked, or the system not yet be done with
            # a server that was killed.
            time.sleep(10 * PAUSE_SECONDS)
        self.port = known
        raise ServerError(self._last_words())

    def stop(self) -> None:
        """End the server in good order."""
        if self._process is not None and self.is_running:
            self._process.send_signal(self.ends_on)
            if not wait_until(lambda: not self.is_running):
                self.kill()
                raise ServerError(self._last_words())
        self._forget()

    def kill(self) -> None:
        """End the server and its children like a crash: at once, with nothing put in order."""
        if self._process is not None and self.is_running:
            # One by one: PostgreSQL gives each child a process group of its own.
            children = psutil.Process(self.pid).children(recursive=True)
            self._process.kill()
            self._process.wait()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            if not wait_until(lambda: not any(is_alive(child) for child in children)):
                raise ServerError("Children of the killed server are still alive.")
        self._forget()

    def restart(self) -> None:
        """Stop the server if it runs, and start it on its port with its data."""
        self.stop()
        self.start()

    @abc.abstractmethod
    def _prepare(self) -> None:
        """Lay out what the process needs below the directory."""

    @abc.abstractmethod
    def _command(self) -> list[str]:
        """Name the program and its arguments."""

    @abc.abstractmethod
    def _answers(self) -> bool:
        """Tell whether this very process serves clients."""

    def _options(self) -> dict[str, Any]:
        """Return what every program we run here gets: a folder, hardly any environment."""
        return {"cwd": self.directory, "env": {"PATH": os.defpath}, "stdin": subprocess.DEVNULL}

    def _comes_up(self) -> bool:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command(), stdout=log, stderr=log, start_new_session=True, **self._options()
            )
        atexit.register(self.stop)
        self._watchdog = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", WATCHDOG, self.ends_on.name.removeprefix("SIG"), str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if not wait_until(lambda: not self.is_running or self._answers()):
            self.kill()
            raise ServerError(self._last_words())
        if not self.is_running:
            self._forget()
        return self.is_running

    def _forget(self) -> None:
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
        self._process = self._watchdog = None
        atexit.unregister(self.stop)

    def _last_words(self) -> str:
        return f"{self.log}:\n{self.log.read_text(errors='replace')[-2000:]}"


def unmeasured() -> dict[str, str]:
    """Return our environment, for a program that runs nothing of what coverage measures."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLIPCOVER_")}


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on at this moment."""
    while True:
        # Not from `random`, which the tests seed: all workers would draw the same.
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(happened: Callable[[], bool]) -> bool:
    """Wait until something happened; return False if it takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still does anything; one that nobody buried does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
