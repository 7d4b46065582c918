"""Answers that are longer than memory: made piece by piece, each read in a session of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from socket import socket
from typing import Any
from weakref import finalize

from gatehouse.core.access import refuse_ended
from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.places import Place, Places
from gatehouse.core.runtime import Runtime

DEADLINE = 60.0  # seconds in which a piece must be taken, where a server lets us say so


@dataclass(frozen=True, slots=True)
class Stream:
    """What a view with ``@streams`` returns. The first piece is read with the view, all others
    after its commit.

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


class Opening:
    """The first piece of a stream, and the place that the rest of it takes: without a rest, none.

    The place is asked for when everything else allows the stream, so whoever may not have it learns
    nothing of those who have one.
    """

    def __init__(
        self, places: Places, owners: frozenset[str], connection: socket | None = None
    ) -> None:
        self._places = places
        self._owners = owners
        self.connection = connection
        self.piece = b""
        self.mark: Any = None
        self.place: Place | None = None

    def begin(self, ctx: Context, stream: Stream) -> None:
        """Read the first piece. Raises TooManyRequests."""
        self.piece, self.mark = stream.read(ctx, None)
        if self.mark is not None:
            self.place = self._places.take(self._owners, self.connection)

    def give_up(self) -> None:
        if self.place is not None:
            self.place.give_back()


class Body:
    """The pieces of a stream, one after the other.

    Its place among the streams is given back once: at the end, when the server closes it, or when
    it is lost. Where a server hands us the connection (gunicorn), a piece that is not taken in time
    ends it; granian hands us none.
    """

    def __init__(self, pieces: Iterator[bytes], opening: Opening) -> None:
        self._pieces = pieces
        self._connection = opening.connection
        self._give_back = finalize(self, opening.give_up)
        self._give_back.atexit = False
        if self._connection is not None:
            self._connection.settimeout(DEADLINE)

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


def pieces(
    stream: Stream, opening: Opening, runtime: Runtime, origin: Origin, actor: Actor
) -> Iterator[bytes]:
    piece, mark = opening.piece, opening.mark
    if piece:
        yield piece
    while mark is not None:
        try:
            if opening.place is not None:
                opening.place.go_on()
            with unit_of_work(runtime, origin, actor, reads_only=True) as ctx:
                refuse_ended(ctx)
                piece, mark = stream.read(ctx, mark)
        except Exception:
            yield stream.broken
            raise
        if piece:
            yield piece
