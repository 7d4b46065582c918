"""Threat 204: bodies that are held back or broken stop nobody else, under both servers."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from select import select
from time import monotonic

import pytest

from gatehouse.core.bodies import DEADLINE, PATIENCE
from tests.serving import GatehouseServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LOGIN = "/api/v1/auth/login"
LIVE = "/api/health/live"
HALF = (
    f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    "Content-Length: 100\r\n\r\n{"
).encode()
IN_CHUNKS = (
    f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    "Transfer-Encoding: chunked\r\n\r\n"
).encode()
CALLERS = 24  # three times as many as a worker has threads


@pytest.fixture(scope="module", params=["granian", "gunicorn"])
def server(request, tmp_path_factory) -> Iterator[GatehouseServer]:
    folder = tmp_path_factory.mktemp(request.param)
    settings = {"DATABASE_URL": f"sqlite:///{folder / 'none.db'}", "RATELIMIT_ENABLED": "false"}
    with GatehouseServer(folder, settings, kind=request.param, workers=1) as server:
        yield server


@pytest.fixture
def hold(server) -> Iterator:
    """Send half a request from an address: ``hold("127.0.0.2")``. All are closed at the end."""
    with ExitStack() as stack:

        def send(source: str) -> socket.socket:
            place = ("127.0.0.1", server.port)
            held = socket.create_connection(place, timeout=20, source_address=(source, 0))
            stack.enter_context(held).sendall(HALF)
            return held

        yield send


def test_requests_without_a_body_are_served_meanwhile(server, hold):
    for number in range(CALLERS):
        hold(f"127.0.0.{2 + number % 8}")
    started = monotonic()

    for _ in range(5):
        assert server.call("GET", LIVE, timeout=5).status == 200

    assert monotonic() - started < CALLERS * PATIENCE


def test_one_caller_stops_no_other_ones_bodies(server, hold):
    for _ in range(CALLERS):
        hold("127.0.0.2")

    # Without a body that is whole it would be refused before anybody looks into it.
    assert server.call("POST", LOGIN, b"[]", timeout=10).status == 400


def test_who_finds_no_place_is_told_to_come_again(hold):
    held = [hold("127.0.0.3") for _ in range(CALLERS)]

    answered, _, _ = select(held, [], [], 10)
    answer = answered[0].recv(4096).lower()

    assert answer.startswith(b"http/1.1 429 ")
    assert b"retry-after: 1" in answer


@pytest.mark.parametrize("server", ["gunicorn"], indirect=True)
def test_gunicorn_gives_up_a_body_that_does_not_come(hold):
    """granian has no such deadline."""
    held, started = hold("127.0.0.4"), monotonic()

    answer = held.recv(4096)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert DEADLINE - 1 < monotonic() - started < DEADLINE + 3


@pytest.mark.parametrize("server", ["gunicorn"], indirect=True)
@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n{}\r\n",
        b"2\r\n{}XX0\r\n\r\n",
        b"2;" + b"a" * 20_000 + b"\r\n{}\r\n0\r\n\r\n",
        b'2;a="\r\n{}\r\n0\r\n\r\n',
        b"2\r\n{}\r\n0\r\nX Y: 1\r\n\r\n",
        b"2\r\n{}\r\n0\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
    ids=range(7),
)
def test_a_broken_body_in_chunks_is_refused_and_nothing_after_it_is_heard(server, chunks):
    """Threat 204. What follows on the line may be the rest of the body: it is no request. granian
    hands us no such body.
    """
    after = f"GET {LIVE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    heard = b""

    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as line,
        suppress(OSError),
    ):
        line.sendall(IN_CHUNKS + chunks + after)
        while part := line.recv(65_536):
            heard += part

    assert heard.startswith(b"HTTP/1.1 4"), heard[:200]
    assert heard.count(b"HTTP/1.1 ") == 1
    assert "Traceback" not in server.log.read_text()
