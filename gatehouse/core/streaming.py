"""Answers that are longer than memory: made piece by piece, each read in a session of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from socket import socket
from typing import Any
from weakref import finalize

from gatehouse.core.access import refuse_ended
from gatehouse.core.context import Actor, Context, Origin, Runtime, unit_of_work
from gatehouse.core.places import Place

DEADLINE = 60.0  # seconds in which a piece must be taken, where a server lets us say so


@dataclass(frozen=True, slots=True)
class Stream:
    """What a view with ``@streams`` returns. The body is read after the view's own commit.

    ``read(ctx, mark)`` gives the next piece and the mark to go on from: None at first, and None
    when nothing is left. No database session outlives a piece, so a slow reader holds none. Whose
    session or account ends meanwhile gets no further piece. ``broken`` is
    what ends a body that cannot go on: not every server lets an error break the connection.
    """

    content_type: str
    filename: str
    read: Callable[[Context, Any], tuple[bytes, Any]]
    broken: bytes

    def headers(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", self.content_type),
            ("Content-Disposition", f'attachment; filename="{self.filename}"'),
        ]


class Body:
    """The pieces of a stream, one after the other.

    Its place among the streams is given back once: at the end, when the server closes it, or when
    it is lost. Where a server hands us the connection (gunicorn), a piece that is not taken in time
    ends it; granian hands us none.
    """

    def __init__(
        self, pieces: Iterator[bytes], place: Place, connection: socket | None = None
    ) -> None:
        self._pieces = pieces
        self._connection = connection
        self._give_back = finalize(self, place.give_back)
        self._give_back.atexit = False
        if connection is not None:
            connection.settimeout(DEADLINE)

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.settimeout(None)
        self._give_back()


def pieces(stream: Stream, runtime: Runtime, origin: Origin, actor: Actor) -> Iterator[bytes]:
    mark = None
    while True:
        try:
            with unit_of_work(runtime, origin, actor, reads_only=True) as ctx:
                refuse_ended(ctx)
                piece, mark = stream.read(ctx, mark)
        except Exception:
            yield stream.broken
            raise
        if piece:
            yield piece
        if mark is None:
            return
