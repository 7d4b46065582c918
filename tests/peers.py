"""Servers on loopback that do to a client what the test says, and note what they were asked."""

import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any


class Peer:
    """``says`` gets the connection and a flag that is set when the test is over."""

    def __init__(self, says: Callable[[Any, Event], None], context: ssl.SSLContext | None) -> None:
        self.asked: list[bytes] = []
        self.over = Event()
        self._says = says
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _listen(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._serve(connection)

    def _serve(self, connection: Any) -> None:
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            self.asked.append(connection.recv(65_536))
            self._says(connection, self.over)


def answer(text: bytes) -> Callable[[Any, Event], None]:
    """Say just this."""
    return lambda connection, _over: connection.sendall(text)


def flood(head: bytes, chunk: bytes) -> Callable[[Any, Event], None]:
    """Say ``head``, and then ``chunk`` for as long as somebody listens."""

    def do(connection: Any, over: Event) -> None:
        connection.sendall(head)
        while not over.is_set():
            connection.sendall(chunk)

    return do


def drip(head: bytes, pause: float) -> Callable[[Any, Event], None]:
    """Say ``head``, and then one sign after each pause."""

    def do(connection: Any, over: Event) -> None:
        connection.sendall(head)
        while not over.wait(pause):
            connection.sendall(b"x")

    return do


@contextmanager
def peer(
    says: Callable[[Any, Event], None], context: ssl.SSLContext | None = None
) -> Iterator[Peer]:
    running = Peer(says, context)
    try:
        yield running
    finally:
        running.close()


class Passing(socketserver.BaseRequestHandler):
    """A reverse proxy, as good or as bad as the test says."""

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = self.request.recv(65_536)
            if not chunk:
                return
            head += chunk
        with socket.create_connection(("127.0.0.1", self.server.behind), 5) as service:
            service.sendall(self._passed_on(head))
            while chunk := service.recv(65_536):
                self.request.sendall(chunk)

    def _passed_on(self, head: bytes) -> bytes:
        first, *lines = head.partition(b"\r\n\r\n")[0].split(b"\r\n")
        named = [(line.partition(b":")[0].lower(), line) for line in lines]
        told = [(name, line) for name, line in named if name != b"connection"]
        if self.server.drops_underscores:
            told = [(name, line) for name, line in told if b"_" not in name]
        before = [line.partition(b":")[2] for name, line in told if name == b"x-forwarded-for"]
        rest = [line for name, line in told if name != b"x-forwarded-for"]
        appended = b"X-Forwarded-For: " + b", ".join([*before, b"192.0.2.9"])
        return b"\r\n".join([first, appended, *rest, b"Connection: close", b"", b""])


@contextmanager
def proxy(behind: int, *, drops_underscores: bool = True) -> Iterator[int]:
    """A proxy before the port ``behind``; gives its own port."""
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing)
    server.daemon_threads = True
    server.behind, server.drops_underscores = behind, drops_underscores
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
