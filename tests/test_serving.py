"""Every documented way to serve: it answers, logs a line per request, and stops gracefully."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import psutil
import pytest

from tests.commanding import command
from tests.processes import is_alive, wait_until
from tests.serving import GatehouseServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "AdminPass123!"
ACCOUNT = {"email": "admin@acme-corp.com", "password": PASSWORD}
LOGIN = "/api/v1/auth/login"
KINDS = ("granian", "gunicorn")
MEGABYTES = 1024 * 1024


class DevelopmentServer(GatehouseServer):
    """``flask run`` or ``python wsgi.py``."""

    def _command(self) -> list[str]:
        if self.kind == "wsgi.py":
            return [sys.executable, "wsgi.py"]
        return [sys.executable, "-m", "flask", "run", "--port", str(self.port)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A SQLite database with the demo data."""
    chosen = {
        "FLASK_ENV": "testing",
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('data') / 'gatehouse.db'}",
    }
    for name in ("init-db", "seed-demo"):
        assert command(name, **chosen).returncode == 0
    return chosen


@contextlib.contextmanager
def serving(kind: str, settings: dict[str, str], folder: Path) -> Iterator[GatehouseServer]:
    maker = GatehouseServer if kind in KINDS else DevelopmentServer
    with maker(folder, settings, kind=kind, workers=1) as server:
        yield server


@pytest.fixture(scope="module", params=KINDS)
def served(
    request: pytest.FixtureRequest,
    settings: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatehouseServer]:
    """A server of each kind, for all tests that leave it as it is."""
    with serving(request.param, settings, tmp_path_factory.mktemp("served")) as server:
        yield server


def assert_people_can_sign_in(server: GatehouseServer):
    reply = server.call("POST", LOGIN, ACCOUNT)
    me = server.call("GET", "/api/v1/auth/me", token=reply.json["data"]["token"])

    assert reply.status == me.status == 200
    assert me.json["data"]["user"]["email"] == ACCOUNT["email"]


def test_people_can_sign_in(served: GatehouseServer):
    assert_people_can_sign_in(served)


@pytest.mark.parametrize("kind", ["flask run", "wsgi.py", *KINDS])
def test_what_serves_while_developing_runs_the_jobs_as_well(
    kind: str, settings: dict[str, str], tmp_path: Path
):
    developing = settings | {"RUN_JOBS_WHILE_SERVING": "true", "LOG_LEVEL": "info"}
    with serving(kind, developing, tmp_path) as server:
        assert_people_can_sign_in(server)
        assert wait_until(lambda: "The worker runs" in server.log.read_text())


def test_each_request_is_one_line_of_json_without_secrets(served: GatehouseServer):
    log = served.log
    token = served.call("POST", LOGIN, ACCOUNT).json["data"]["token"]
    path = f"/api/v1/auth/me?token={token}&password={PASSWORD}"
    reply = served.call("GET", path, token=token, headers={"X-Request-ID": "traced-0001"})

    assert wait_until(lambda: "traced-0001" in log.read_text())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    requests = [line for line in lines if line.get("request_id") == "traced-0001"]
    assert reply.headers["x-request-id"] == "traced-0001"
    assert [(line["path"], line["status"]) for line in requests] == [("/api/v1/auth/me", 200)]
    assert token not in log.read_text()
    assert PASSWORD not in log.read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_in_flight_is_answered_when_the_server_is_told_to_stop(
    kind: str, settings: dict[str, str], tmp_path: Path
):
    slow = settings | {"BCRYPT_LOG_ROUNDS": "13"}
    with serving(kind, slow, tmp_path) as server, ThreadPoolExecutor(1) as threads:
        server.call("POST", LOGIN, ACCOUNT)
        under_way = threads.submit(server.call, "POST", LOGIN, ACCOUNT)
        sleep(0.15)
        server.stop()

        assert under_way.result().status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_workers_end_with_a_parent_that_was_killed_and_answer_what_they_have(
    kind: str, settings: dict[str, str], tmp_path: Path
):
    """They would serve on, of the old version, and hold the port against what comes next."""
    slow = settings | {"BCRYPT_LOG_ROUNDS": "14", "RATELIMIT_ENABLED": "false"}
    maker = GatehouseServer(tmp_path, slow, kind=kind, workers=2)
    with maker as server, ThreadPoolExecutor(1) as threads:
        # It answers as soon as the first one does; the second may not have been forked yet.
        assert wait_until(lambda: len(psutil.Process(server.pid).children()) == 2)
        workers = psutil.Process(server.pid).children()
        under_way = threads.submit(server.call, "POST", LOGIN, ACCOUNT)
        sleep(0.1)
        os.kill(server.pid, signal.SIGKILL)
        assert under_way.result().status == 200
        assert wait_until(lambda: not any(is_alive(worker) for worker in workers))

        server.start()
        assert_people_can_sign_in(server)


@pytest.mark.parametrize("workers", [1, 3])
def test_ctrl_c_in_a_terminal_ends_granian_and_its_workers_at_once(
    workers: int, settings: dict[str, str], tmp_path: Path
):
    """A terminal sends SIGINT to the whole group, so parent and workers hear it together."""
    with GatehouseServer(tmp_path, settings, workers=workers) as server:
        all_of_it = psutil.Process(server.pid).children(recursive=True)
        started = perf_counter()
        os.killpg(server.pid, signal.SIGINT)
        assert wait_until(lambda: not server.is_running)
        took = perf_counter() - started
        log = server.log.read_text()

    assert len(all_of_it) == workers
    assert not any(is_alive(process) for process in all_of_it)
    assert took < 3  # Being killed takes 10; granian also says so of one that has just ended.
    assert "Traceback" not in log


def test_a_worker_that_still_starts_ends_at_once_too(settings: dict[str, str], tmp_path: Path):
    with GatehouseServer(tmp_path, settings, workers=1) as server:
        parent = psutil.Process(server.pid)
        (worker,) = parent.children()
        worker.kill()
        assert wait_until(lambda: {child.pid for child in parent.children()} - {worker.pid})
        started = perf_counter()
        server.stop()

    assert perf_counter() - started < 3


WORKER_THAT_IS_TOLD_TO_STOP_BEFORE_IT_BEGINS = """
import os, signal, time
from gatehouse.serving import workers_obey

signal.signal(signal.SIGTERM, lambda *_: None)
os.register_at_fork(after_in_child=lambda: time.sleep(0.5))
workers_obey(os.getpid())
worker = os.fork()
if worker == 0:
    time.sleep(5)
    os._exit(0)
os.kill(worker, signal.SIGTERM)
print(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
"""


def test_a_worker_that_was_told_to_stop_before_it_began_ends():
    """A busy machine may run it late; it has its parent's handlers until then."""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", WORKER_THAT_IS_TOLD_TO_STOP_BEFORE_IT_BEGINS],
        check=True,
        capture_output=True,
        text=True,
    )

    assert run.stdout == f"{-signal.SIGTERM}\n"


@pytest.mark.parametrize("megabytes", [2, 20])
def test_a_body_that_is_too_large_is_refused_and_its_sender_hears_so(
    served: GatehouseServer, megabytes: int
):
    reply = served.call("POST", LOGIN, b"x" * megabytes * MEGABYTES)
    still_there = served.call("GET", "/api/health")

    assert (reply.status, reply.json["error"]["type"]) == (413, "PAYLOAD_TOO_LARGE")
    assert still_there.status == 200


def raw(server: GatehouseServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        with contextlib.suppress(OSError):  # It may hang up before it has heard all.
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            return connection.makefile("rb").read()
        return b""


def test_odd_requests_do_not_disturb_the_others(served: GatehouseServer):
    both = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    odd: tuple[Any, ...] = (
        b"GET /api/health HTTP/1.1\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"POST " + LOGIN.encode() + b" HTTP/1.1\r\nHost: x\r\n" + both + b"\r\n0\r\n\r\nGET / HT",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: \x00\x01\r\n\r\n",
    )
    answers = [raw(served, request) for request in odd]
    reply = served.call("GET", "/api/health")

    assert not any(answer.startswith(b"HTTP/1.1 5") for answer in answers)
    assert reply.status == 200


DEAF = """
import os, signal, threading
from gatehouse.serving import obey_the_parent

obey_the_parent(os.getppid())
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
# Only other threads are interrupted by it, as if the main one had not begun to wait yet.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threading.Thread(target=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    or threading.Event().wait(), daemon=True).start()
print("waits", flush=True)
stop.wait()
print("heard", flush=True)
"""


def test_a_worker_hears_that_it_is_told_to_stop_whoever_was_interrupted():
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", DEAF], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "waits\n"
        sleep(0.3)
        process.send_signal(signal.SIGTERM)

        assert process.communicate(timeout=5)[0] == "heard\n"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
