"""The servers that are measured: granian or gunicorn, one worker with 8 threads on one core."""

import http.client
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cores import Cores
from tests.processes import Server

ROOT = Path(__file__).resolve().parents[1]
THREADS = "8"
SERVERS = {
    # As `manage.py serve` calls it.
    "granian": (
        *("granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1"),
        *("--log-level", "warning", "--workers", "1", "--blocking-threads", THREADS),
        *("--workers-kill-timeout", "20", "--respawn-failed-workers"),
    ),
    "gunicorn": (
        *("gunicorn", "--log-level", "warning", "--workers", "1"),
        *("--worker-class", "gthread", "--threads", THREADS),
    ),
}
# The request log goes where it costs what writing costs, and no disk is measured.
QUIETLY = ("/bin/sh", "-c", 'exec "$@" > /dev/null', "sh")
MEGABYTE = 1_000_000


class WebServer(Server):
    """A WSGI application of this repository behind a server: ``granian``, ``gunicorn``, or
    ``serve``, which is granian by our own command.
    """

    ends_on = signal.SIGTERM

    def __init__(
        self,
        directory: Path,
        cores: Cores,
        application: str,
        *,
        program: str = "granian",
        settings: Mapping[str, str] | None = None,
        probe: str = "/",
    ) -> None:
        super().__init__(directory)
        self._cores = cores
        self._application = application
        self._program = program
        self._settings = dict(settings or {})
        self._probe = probe

    def start(self) -> None:
        with self._cores.of_the_server():
            super().start()

    def cpu_seconds(self) -> float:
        """The processor time of all its processes so far."""
        times = [process.cpu_times() for process in self._processes()]
        return sum(time.user + time.system for time in times)

    def worker_megabytes(self) -> float:
        """The memory of the worker: its share of what is shared (PSS), or RSS without /proc."""
        return max(map(_megabytes, self._processes()[1:]))

    def _processes(self) -> list[psutil.Process]:
        main = psutil.Process(self.pid)
        return [main, *main.children(recursive=True)]

    def _prepare(self) -> None:
        """Nothing is needed but the directory, for the log."""

    def _command(self) -> list[str]:
        return [*QUIETLY, sys.executable, *self._server()]

    def _server(self) -> tuple[str, ...]:
        if self._program == "serve":
            return ("manage.py", "serve")
        port = str(self.port)
        address = ("--port", port) if self._program == "granian" else ("-b", f"127.0.0.1:{port}")
        return ("-m", *SERVERS[self._program], *address, self._application)

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        settings = self._settings | {"PORT": str(self.port)}
        return options | {"cwd": ROOT, "env": options["env"] | settings}

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self._probe)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _megabytes(process: psutil.Process) -> float:
    memory = process.memory_full_info()
    return float(getattr(memory, "pss", memory.rss)) / MEGABYTE
