"""Speaking to Redis: one connection a thread, short time-outs, and no patience with a dead server.

Redis is the accelerator, never the record: every caller has a way on when RedisAway is raised.
redis-py makes the connections (TLS, authentication, database); the exchange on them is our own,
because it is the hot path.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha1
from threading import local
from time import monotonic
from typing import Any

TIME_OUT = 0.5  # seconds, for connecting and for each answer
PAUSE = 1.0  # seconds without a further try after a failure
CHUNK = 65_536

Command = tuple[str | bytes | int, ...]


def store_key(key: str) -> str:
    """Under what the store keeps a key in Redis."""
    return f"gatehouse:{key}"


class RedisAway(ConnectionError):
    """Redis did not answer in time, or at all, or refused to work."""


class Script:
    """A Lua program. Redis knows it by its SHA-1 once it has run it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = sha1(source.encode(), usedforsecurity=False).hexdigest()


class Wire:
    """One connection, and the run id of the server process at its other end."""

    def __init__(self, connection: Any) -> None:
        from hiredis import Reader, pack_command  # noqa: PLC0415 - comes with Redis only

        self._connection = connection
        connection.connect()
        self._socket = connection._sock  # noqa: SLF001 - there is no public way to the socket
        self._pack: Any = pack_command
        self._reader = Reader()
        told = self.exchange(("INFO", "server"))
        if not isinstance(told, bytes):
            raise ConnectionError(str(told))
        lines = told.decode().splitlines()
        self.run_id = next(s.removeprefix("run_id:") for s in lines if s.startswith("run_id:"))

    def exchange(self, command: Command) -> Any:
        """Send a command and wait for its answer, which may be hiredis's ReplyError.

        Raises OSError; TimeoutError if the server did not answer in time.
        """
        self._socket.sendall(self._pack(command))
        answer = self._reader.gets()
        while answer is False:
            chunk = self._socket.recv(CHUNK)
            if not chunk:
                raise ConnectionResetError("Redis closed the connection.")
            self._reader.feed(chunk)
            answer = self._reader.gets()
        return answer

    def close(self) -> None:
        self._connection.disconnect()

    def __del__(self) -> None:
        """A thread that ended, or a connection that came to nothing, leaves no socket open."""
        self.close()


class RedisLink:
    """Commands to one Redis server. Safe for threads, and for processes that fork before use.

    Commands that depend on which server process hears them are given as functions of its run id:
    a connection that was lost is made anew within a call, and may lead to another process.
    """

    def __init__(self, url: str) -> None:
        # Half a second of import, and needed only by those who have a Redis.
        from hiredis import ProtocolError, ReplyError  # noqa: PLC0415
        from redis import ConnectionPool, exceptions  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        self._refusal = ReplyError
        self._failures = (exceptions.RedisError, ProtocolError, OSError, AttributeError)
        # The pool only reads the URL for us: it would count connections, and ours end unseen.
        pool = ConnectionPool.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=TIME_OUT,
            socket_connect_timeout=TIME_OUT,
            protocol=2,
        )
        self._make: Any = partial(pool.connection_class, **pool.connection_kwargs)
        self._mine = local()
        self._paused_until = 0.0

    def call(self, *command: str | bytes | int) -> Any:
        """Send one command and return its answer. Raises RedisAway."""
        return self.call_as(lambda _run_id: command)

    def call_as(self, build: Callable[[str], Command]) -> Any:
        """The same for a command that depends on the server's run id."""
        answer = self._send(build)
        if isinstance(answer, self._refusal):
            raise self._away(answer) from answer
        return answer

    def run(self, script: Script, keys: list[str], arguments: list[str | bytes | int]) -> Any:
        """Run ``script``. Raises RedisAway."""
        return self.run_as(script, lambda _run_id: (len(keys), *keys, *arguments))

    def run_as(self, script: Script, build: Callable[[str], Command]) -> Any:
        """The same; ``build`` gives the number of keys, the keys and the arguments."""
        answer = self._send(lambda run_id: ("EVALSHA", script.sha, *build(run_id)))
        if isinstance(answer, self._refusal):
            if not str(answer).startswith("NOSCRIPT"):
                raise self._away(answer) from answer
            return self.call_as(lambda run_id: ("EVAL", script.source, *build(run_id)))
        return answer

    def run_id(self) -> str:
        """The name of the server process that this thread is connected to. Raises RedisAway."""
        self.call("PING")
        name: str = self._mine.wire.run_id
        return name

    def _send(self, build: Callable[[str], Command]) -> Any:
        if monotonic() < self._paused_until:
            raise RedisAway("it failed a moment ago")
        try:
            return self._exchanged(build)
        except self._failures as error:
            raise self._away(error) from error

    def _exchanged(self, build: Callable[[str], Command]) -> Any:
        """On the thread's connection; once more on a new one if the server has closed it."""
        wire: Wire | None = getattr(self._mine, "wire", None)
        if wire is not None:
            try:
                return wire.exchange(build(wire.run_id))
            except TimeoutError:
                self._drop(wire)
                raise
            except self._failures:
                self._drop(wire)
        wire = self._mine.wire = Wire(self._make())
        try:
            return wire.exchange(build(wire.run_id))
        except self._failures:
            self._drop(wire)
            raise

    def _drop(self, wire: Wire) -> None:
        """Close what may still hold an answer that nobody waits for."""
        self._mine.wire = None
        wire.close()

    def _away(self, why: Exception) -> RedisAway:
        self._paused_until = monotonic() + PAUSE
        return RedisAway(str(why).rstrip(".") or type(why).__name__)
