"""Gatehouse as people run it: a server with several worker processes, and a small HTTP client."""

import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.processes import Server

ROOT = Path(__file__).resolve().parents[1]


class Quiet(WSGIRequestHandler):
    """Says nothing of requests: their paths may hold tokens. ``ahead`` of an application is by how
    much its clock is.
    """

    def log_request(self, *_about: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        ahead = getattr(self.server.app, "ahead", 0.0)
        return super().date_time_string(time.time() + ahead if timestamp is None else timestamp)


@contextmanager
def served(app: Any, port: int) -> Iterator[str]:
    """Serve a WSGI application from threads of this process. Yields its address."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://localhost:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class GatehouseServer(Server):
    """``granian`` or ``gunicorn`` with ``workers`` processes; settings as environment variables."""

    ends_on = signal.SIGTERM

    def __init__(
        self, directory: Path, settings: dict[str, str], *, kind: str = "granian", workers: int = 3
    ) -> None:
        super().__init__(directory)
        self.kind = kind
        self.workers = workers
        self.settings = {
            "FLASK_ENV": "testing",
            "LOG_FORMAT": "json",
            **settings,
        }

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: dict[str, str] | None = None,
        timeout: float = 20,
    ) -> Reply:
        """One request on a connection of its own, so that any worker may get it."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, raw, sent)
            found = connection.getresponse()
            names = {name.lower(): value for name, value in found.getheaders()}
            return Reply(found.status, names, found.read())
        finally:
            connection.close()

    def at_once(self, calls: list[tuple[Any, ...]], **options: Any) -> list[Reply]:
        """Send all ``calls`` in the same moment, each from a thread of its own."""
        barrier = Barrier(len(calls))

        def one(call: tuple[Any, ...]) -> Reply:
            method, path, body, token = (*call, None, "")[:4] if len(call) < 4 else call
            barrier.wait(timeout=20)
            return self.call(method, path, body, token=token or "", **options)

        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(one, calls))

    def _prepare(self) -> None:
        """Nothing to lay out: the database is the test's."""

    def _command(self) -> list[str]:
        port, workers = str(self.port), str(self.workers)
        if self.kind == "gunicorn":
            place = ("-b", f"127.0.0.1:{port}")
            return [sys.executable, "-m", "gunicorn", "-w", workers, *place, "wsgi:app"]
        return [sys.executable, "manage.py", "serve", "--workers", workers]

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/api/health/live", timeout=1).status == 200
        except OSError:
            return False

    def _options(self) -> dict[str, Any]:
        settings = {**self.settings, "PORT": str(self.port), "HOST": "127.0.0.1"}
        return super()._options() | {"cwd": ROOT, "env": {"PATH": os.environ["PATH"], **settings}}


class Worker(Server):
    """``manage.py worker``; settings as environment variables."""

    ends_on = signal.SIGTERM

    def __init__(self, directory: Path, settings: dict[str, str]) -> None:
        super().__init__(directory)
        self._settings = {**settings, "LOG_LEVEL": "info"}  # It says in its log that it runs.

    def _prepare(self) -> None:
        """Nothing to lay out: the database is somebody else's."""

    def _command(self) -> list[str]:
        return [sys.executable, "manage.py", "worker"]

    def _answers(self) -> bool:
        return b"The worker runs" in self.log.read_bytes()

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        return options | {"cwd": ROOT, "env": options["env"] | self._settings}
