"""Speaking to Redis: one connection a thread, short time-outs, and no patience with a dead server.

Redis is the accelerator, never the record: every caller has a way on when RedisAway is raised.
"""

from threading import local
from time import monotonic
from typing import Any

TIME_OUT = 0.5  # seconds, for connecting and for each answer
PAUSE = 1.0  # seconds without a further try after a failure


class RedisAway(ConnectionError):
    """Redis did not answer in time, or at all, or refused to work."""


class Script:
    """A Lua program that Redis keeps by its SHA-1 once it has seen it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = ""


class RedisLink:
    """Commands to one Redis server. Safe for threads, and for processes that fork before use."""

    def __init__(self, url: str) -> None:
        # Half a second of import, and needed only by those who have a Redis.
        from redis import ConnectionPool, exceptions  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        self._failures = (exceptions.RedisError, OSError)
        self._unknown_script = exceptions.NoScriptError
        self._pool = ConnectionPool.from_url(
            url,
            socket_timeout=TIME_OUT,
            socket_connect_timeout=TIME_OUT,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._mine = local()
        self._paused_until = 0.0

    def call(self, *command: str | bytes | int) -> Any:
        """Send one command and return its answer. Raises RedisAway."""
        try:
            return self._patiently(command)
        except self._failures as error:
            self._paused_until = monotonic() + PAUSE
            raise RedisAway from error

    def run(self, script: Script, keys: list[str], arguments: list[str | bytes | int]) -> Any:
        """Run ``script`` by its hash, or teach it to a server that has not seen it."""
        try:
            if script.sha:
                return self._patiently(("EVALSHA", script.sha, len(keys), *keys, *arguments))
        except self._unknown_script:
            pass
        except self._failures as error:
            self._paused_until = monotonic() + PAUSE
            raise RedisAway from error
        script.sha = self.call("SCRIPT", "LOAD", script.source).decode()
        return self.call("EVALSHA", script.sha, len(keys), *keys, *arguments)

    def run_id(self) -> str:
        """The name of the server process that this thread is connected to."""
        try:
            self._connection()
        except self._failures as error:
            self._paused_until = monotonic() + PAUSE
            raise RedisAway from error
        name: str = self._mine.run_id
        return name

    def _patiently(self, command: tuple[str | bytes | int, ...]) -> Any:
        """Once more on a new connection if the old one was closed: a restart is no failure."""
        is_used = getattr(self._mine, "connection", None) is not None
        try:
            return self._exchange(command)
        except self._unknown_script:
            raise
        except self._failures as error:
            self._drop()
            if not is_used or isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
                raise
        return self._exchange(command)

    def _exchange(self, command: tuple[str | bytes | int, ...]) -> Any:
        connection = self._connection()
        connection.send_packed_command(connection.pack_command(*command))
        return connection.read_response()

    def _connection(self) -> Any:
        if monotonic() < self._paused_until:
            raise OSError("Redis failed a moment ago.")
        found = getattr(self._mine, "connection", None)
        if found is None:
            found = self._pool.make_connection()
            found.connect()
            found.send_command("INFO", "server")
            self._mine.run_id = _run_id(found.read_response())
            self._mine.connection = found
        return found

    def _drop(self) -> None:
        connection, self._mine.connection = getattr(self._mine, "connection", None), None
        if connection is not None:
            connection.disconnect()


def _run_id(info: bytes) -> str:
    lines = info.decode().splitlines()
    return next(line.removeprefix("run_id:") for line in lines if line.startswith("run_id:"))
