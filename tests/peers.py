"""Servers on loopback that do to a client what the test says, and note what they were asked."""

import socket
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
