"""The connections of those who read a long answer: how one ends that is not read.

gunicorn hands us the connection of a request. granian keeps it, and says but the address of the
other side: there we look which connections from that address are held up by their reader.
"""

import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

OPEN_FILES = Path("/proc/self/fd")
ESTABLISHED = 1
# Of Linux's struct tcp_info: state; bytes that wait to be sent; microseconds for which the reader
# left no room for any. The latter two are there since Linux 4.10.
TCP_INFO = struct.Struct("B143xI28xQ")


class Reader(Protocol):
    """Whoever reads an answer."""

    def can_be_cut(self, after: float) -> bool:
        """Whether we can end a connection that is not read; ``after``: for so many seconds."""
        ...

    def cut(self, after: float) -> None:
        """End it, so that the thread that waits for its reader goes on."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A connection that the server hands us."""

    connection: socket.socket

    def can_be_cut(self, after: float) -> bool:
        del after
        return True

    def cut(self, after: float) -> None:
        del after
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A connection of which we know the address of the other side, and our port.

    All from there are cut that were not read for so long: behind a proxy that reads no faster than
    its callers, those are the ones of other callers who stall.
    """

    address: str
    port: int

    def can_be_cut(self, after: float) -> bool:
        return any(True for _ in self._not_read(after))

    def cut(self, after: float) -> None:
        for connection in self._not_read(after):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _not_read(self, after: float) -> Iterator[socket.socket]:
        for connection in _sockets():
            with suppress(OSError, ValueError):
                if self._is_its(connection) and _was_not_read(connection, after):
                    yield connection

    def _is_its(self, connection: socket.socket) -> bool:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        if connection.getsockname()[1] != self.port:
            return False
        return _plain(connection.getpeername()[0]) == _plain(self.address)


def reader_of(environ: Mapping[str, Any]) -> Reader | None:
    """The reader of a request's answer, if there is a way to be rid of it."""
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is not None:
        return Known(connection)
    if environ.get("SERVER_SOFTWARE") == "Granian":
        return Hidden(environ["REMOTE_ADDR"], int(environ["SERVER_PORT"]))
    return None


def _plain(address: str) -> object:
    """An address; one of IPv4 is the same on a socket that serves both."""
    found = ip_address(address)
    return getattr(found, "ipv4_mapped", None) or found


def _sockets() -> Iterator[socket.socket]:
    """All sockets of this process, each as a copy: its number may be another's in a moment."""
    try:
        numbers = [each.name for each in OPEN_FILES.iterdir()]
    except OSError:  # Not on this system.
        return
    for number in numbers:
        with suppress(OSError):
            copy = os.dup(int(number))
            try:
                found = socket.socket(fileno=copy)
            except OSError:  # No socket.
                os.close(copy)
                continue
            with found:
                yield found


def _was_not_read(connection: socket.socket, seconds: float) -> bool:
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO.size)
    if len(told) < TCP_INFO.size:
        return False
    state, waits, held_up = TCP_INFO.unpack(told)
    return bool(state == ESTABLISHED and waits and held_up >= seconds * 1_000_000)
