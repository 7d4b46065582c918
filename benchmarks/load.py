"""A load generator: keep-alive connections in one loop, each with one request on its way."""

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, repeat
from selectors import EVENT_READ, DefaultSelector
from time import perf_counter, thread_time

HOST = "127.0.0.1"  # We put load on nobody else.
CONNECTIONS = 16
PATIENCE = 15.0  # seconds for any answer to come
MOST_REQUESTS = 1_000_000
CHUNK = 64 * 1024
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class LoadError(Exception):
    """A server did not answer, or not with 200, 201 or 304."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run gave. ``busy`` is the share of its core that the generator used."""

    seconds: float
    busy: float
    latencies: list[float]  # seconds

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


class Connection:
    """One keep-alive connection that sends the same request again and again, or the next one."""

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._requests = requests
        self.received = b""

    def send(self) -> None:
        self.received = b""
        self.sent_at = perf_counter()
        self.socket.sendall(next(self._requests))

    def receive(self) -> bool:
        """Take what has come, and tell whether the answer is complete. Raises LoadError."""
        chunk = self.socket.recv(CHUNK)
        if not chunk:
            raise LoadError("The server closed a connection.")
        self.received += chunk
        return is_complete(self.received)


def is_complete(answer: bytes) -> bool:
    """Whether the answer is all there. Raises LoadError for one that is not a sized 200 or 201, or
    a 304, which has no body.
    """
    head, end, content = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if head.startswith(b"HTTP/1.1 304"):
        return True
    length = LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 20") or length is None:
        raise LoadError(f"The server answered: {answer[:1000].decode(errors='replace')}")
    return len(content) >= int(length[1])


def answer_to(port: int, asked: bytes) -> bytes:
    """One request, and all of its answer. Raises LoadError unless that is a 200 or 201."""
    connection = Connection(port, iter([asked]))
    with connection.socket:
        connection.send()
        while not connection.receive():
            pass
        return connection.received


def request(method: str, path: str, body: bytes = b"", *, token: str = "", tag: str = "") -> bytes:
    """The bytes of a request, with a bearer token, a JSON body and the tag of what is there
    already, if there are any.
    """
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"User-Agent: {AGENT}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if tag:
        lines.append(f"If-None-Match: {tag}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def form(path: str, body: str, proof: str) -> bytes:
    """The bytes of a form that a client sends with its secret (RFC 6749 2.3.1)."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        f"User-Agent: {AGENT}",
        f"Authorization: Basic {proof}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


def put_load(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    at_most: int = MOST_REQUESTS,
    connections: int = CONNECTIONS,
    in_turn: bool = False,
) -> Run:
    """Send for so many seconds, or so many requests, and wait for the answers on their way.

    Each connection sends one of ``requests`` again and again; or ``in_turn`` whoever is free
    sends the next. Raises LoadError.
    """
    shared = cycle(requests)
    with ExitStack() as stack:
        selector = stack.enter_context(DefaultSelector())
        opened = [
            Connection(port, shared if in_turn else repeat(requests[number % len(requests)]))
            for number in range(min(connections, at_most))
        ]
        for connection in opened:
            stack.enter_context(connection.socket)
            selector.register(connection.socket, EVENT_READ, connection)
        return _exchange(selector, opened, seconds, at_most)


def _exchange(
    selector: DefaultSelector, opened: list[Connection], seconds: float, at_most: int
) -> Run:
    latencies: list[float] = []
    sent = waiting = len(opened)
    busy, started = thread_time(), perf_counter()
    ends = started + seconds
    for connection in opened:
        connection.send()
    while waiting:
        events = selector.select(PATIENCE)
        if not events:
            raise LoadError(f"No answer within {PATIENCE:.0f} seconds.")
        for key, _ in events:
            connection = key.data
            if not connection.receive():
                continue
            now = perf_counter()
            latencies.append(now - connection.sent_at)
            if now < ends and sent < at_most:
                sent += 1
                connection.send()
            else:
                waiting -= 1
    took = perf_counter() - started
    return Run(took, (thread_time() - busy) / took, latencies)
