"""Answers that are longer than memory: made piece by piece, each read in a session of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any
from weakref import finalize

from gatehouse.core.access import refuse_ended
from gatehouse.core.context import Actor, Context, Origin, Runtime, unit_of_work
from gatehouse.core.errors import TooManyRequests


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
    it is lost.
    """

    def __init__(self, pieces: Iterator[bytes], place: "Place") -> None:
        self._pieces = pieces
        self._give_back = finalize(self, place.give_back)
        self._give_back.atexit = False

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._give_back()


class Place:
    """One of the few streams that a worker sends at a time, so that threads are left for others.

    Raises TooManyRequests.
    """

    def __init__(self, places: BoundedSemaphore) -> None:
        if not places.acquire(blocking=False):
            raise TooManyRequests("Too many exports at a time. Try again later.", retry_after=10)
        self.give_back = places.release


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
