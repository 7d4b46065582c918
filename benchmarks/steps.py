"""``python -m benchmarks.steps``: what each step of a request costs inside the process, no network.

Processor microseconds on one core: the least of many short rounds, which a noisy machine hardly
moves. The steps do not add up to the whole: called alone, each finds its data near.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from time import thread_time
from typing import Any

from flask import Flask, Response

from benchmarks import bare, raw
from benchmarks.cores import Cores
from benchmarks.load import AGENT
from benchmarks.measures import LIVE, LOGIN, ME, MICROSECONDS
from benchmarks.stage import Stage
from gatehouse.app import create_app
from gatehouse.core import envelope
from gatehouse.core.access import Authenticator
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.headers import Edge, client_address
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from gatehouse.ops.service.demo import PEOPLE
from tests.servers import temporary_folder

CALLS, ROUNDS = 200, 50
Steps = Iterator[tuple[str, Callable[[], Any]]]


def main() -> None:
    """Print what every step costs."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-steps-", dir=temporary_folder()))
    stage = Stage(folder, Cores())
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(stage.close)
        with stage.cores.of_the_others():
            settings = stage.settings("redis")
            stage.prepare("redis")
        stack.enter_context(stage.cores.of_the_server())
        app = create_app(read_settings(settings))
        stack.callback(app.extensions["gatehouse"].engine.dispose)
        with _log_to_nowhere():
            costs = [(name, cost(step)) for name, step in _steps(app)]
    for name, microseconds in costs:
        print(f"{name:<52} {microseconds:7.1f}")


def cost(step: Callable[[], Any]) -> float:
    """Return the processor time of one call, in microseconds."""
    return min(_round(step) for _ in range(ROUNDS)) * MICROSECONDS / CALLS


def _round(step: Callable[[], Any]) -> float:
    started = thread_time()
    for _ in range(CALLS):
        step()
    return thread_time() - started


def _steps(app: Flask) -> Steps:
    runtime: Runtime = app.extensions["gatehouse"]
    token = _token(app)
    silent = Edge(raw.app, runtime)
    yield "a request of our own making, sent to nothing", _request(raw.app, "/")
    yield "the bare Flask view", _request(bare.app.wsgi_app, "/")
    yield "GET health/live, whole", _request(app.wsgi_app, LIVE)
    yield "GET me with Redis, whole", _request(app.wsgi_app, ME, token)
    yield "Edge around nothing, with its log line", _request(silent, "/")
    yield "  client_address", lambda: client_address({"REMOTE_ADDR": "127.0.0.1"}, 0)
    yield from _parts(runtime, token)


def _parts(runtime: Runtime, token: str) -> Steps:
    recognise = runtime.ports[Authenticator]
    now = datetime.now(UTC)
    data = envelope.encode({"status": "alive"})
    yield "recognise, with Redis", lambda: recognise(runtime, token, now, answer="me")
    if runtime.link is not None:
        link = runtime.link
        yield "  of which one round trip to Redis", lambda: link.call("PING")
    yield "a unit of work that asks nothing", lambda: _work(runtime)
    yield "the envelope around a ready answer", lambda: _enveloped(data)
    yield "Response, made", lambda: Response(data, HTTPStatus.OK, content_type="application/json")


def _enveloped(data: bytes) -> bytes:
    return envelope.success("00000000-0000-0000-0000-000000000000", data=envelope.ready(data))


def _work(runtime: Runtime) -> None:
    with unit_of_work(runtime, Origin(), reads_only=True):
        pass


def _token(app: Flask) -> str:
    email, _, password = PEOPLE[0]
    answer = app.test_client().post(LOGIN, json={"email": email, "password": password})
    token: str = answer.get_json()["data"]["token"]
    return token


def _request(application: Callable[..., Iterable[bytes]], path: str, token: str = "") -> Any:
    """Return a function that sends one GET into the WSGI application and reads the answer."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_USER_AGENT": AGENT,
        **({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }

    def send() -> None:
        answer = application(dict(environ), _expect_200)
        b"".join(answer)
        close = getattr(answer, "close", None)
        if close:
            close()

    return send


def _expect_200(status: str, _headers: Any) -> None:
    if not status.startswith("200 "):
        raise RuntimeError(f"The answer is {status}.")


@contextlib.contextmanager
def _log_to_nowhere() -> Iterator[None]:
    """Let the request log, which is written to the file descriptor, cost only its writing."""
    sys.stdout.flush()
    before = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(before, 1)
        os.close(before)


if __name__ == "__main__":
    main()
