"""One HTTP exchange with addresses that were checked, inside bounds of time and size."""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import httpcore2
from httpcore2 import NetworkBackend, NetworkStream

from gatehouse.core.addresses import Limits, Target

CHUNK = 16 * 1024  # bytes that are sent before we look at the clock again


class OutOfBounds(Exception):
    """The answer is larger, or takes longer, than we take."""


FAILURES = (
    OutOfBounds,
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    ssl.SSLError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: Target
    headers: Mapping[str, str]
    content: bytes


def exchange(
    request: Request, addresses: Sequence[str], limits: Limits, deadline: float
) -> tuple[int, dict[str, str], bytes]:
    """Send a request to one of ``addresses``; return status, headers and body."""
    backend = CheckedBackend(addresses, limits, deadline)
    ours = {"Accept-Encoding": "identity", "User-Agent": "Gatehouse"}
    with (
        httpcore2.ConnectionPool(trusting(), http2=False, network_backend=backend) as pool,
        pool.stream(
            request.method,
            request.target.url,
            headers=list({**ours, **request.headers}.items()),
            content=request.content,
            extensions={"timeout": _times(limits)},
        ) as answer,
    ):
        names = _headers(answer.headers, limits)
        # What is packed may be a thousand times as large when it is unpacked.
        if names.get("content-encoding", "identity") != "identity":
            raise OutOfBounds("the answer is packed")
        return answer.status, names, _body(answer.iter_stream(), limits)


def words_for(error: BaseException) -> str:
    """Why there is no answer, without a word that the other side chose."""
    if isinstance(error, OutOfBounds):
        return str(error)
    if isinstance(error, httpcore2.TimeoutException | TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError):
        return "its certificate is not valid for this name, or TLS failed"
    if isinstance(error, httpcore2.ConnectError):
        return "no connection"
    return "it broke off, or does not speak HTTP"


@cache
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def _times(limits: Limits) -> dict[str, float]:
    return {"connect": limits.connect, "read": limits.read, "write": limits.read}


def _headers(pairs: Iterable[tuple[bytes, bytes]], limits: Limits) -> dict[str, str]:
    listed = list(pairs)
    if sum(len(name) + len(value) for name, value in listed) > limits.headers:
        raise OutOfBounds("its headers are too large")
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in listed}


def _body(chunks: Iterable[bytes], limits: Limits) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limits.body:
            raise OutOfBounds("its answer is too large")
    return bytes(body)


class CheckedBackend(NetworkBackend):
    """Connects to the addresses that were checked, whatever the name may stand for by now."""

    def __init__(self, addresses: Sequence[str], limits: Limits, deadline: float) -> None:
        self._addresses = addresses
        self._most = limits.body + 4 * limits.headers  # with what frames and repeats them
        self._deadline = deadline
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        del host
        problem: Exception = httpcore2.ConnectError("no address")
        for address in self._addresses:
            left = _left(self._deadline, timeout)
            try:
                stream = self._sockets.connect_tcp(
                    address, port, left, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
            else:
                return BoundedStream(stream, self._most, self._deadline)
        raise problem


class BoundedStream(NetworkStream):
    """Gives up at the deadline, and after so many bytes, whoever waits for more."""

    def __init__(self, stream: NetworkStream, most: int, deadline: float) -> None:
        self._stream = stream
        self._most = most
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        chunk = self._stream.read(max_bytes, _left(self._deadline, timeout))
        self._most -= len(chunk)
        if self._most < 0:
            raise OutOfBounds("its answer is too large")
        return chunk

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), CHUNK):
            left = _left(self._deadline, timeout)
            self._stream.write(buffer[start : start + CHUNK], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        left = _left(self._deadline, timeout)
        inner = self._stream.start_tls(ssl_context, server_hostname, left)
        return BoundedStream(inner, self._most, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise OutOfBounds("it took too long")
    return min(left, timeout) if timeout else left
