"""Answers that are longer than memory: made piece by piece, each read in a session of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any

from gatehouse.core.context import Actor, Context, Origin, Runtime, unit_of_work
from gatehouse.core.errors import TooManyRequests


@dataclass(frozen=True, slots=True)
class Stream:
    """What a view with ``@streams`` returns. The body is read after the view's own commit.

    ``read(ctx, mark)`` gives the next piece and the mark to go on from: None at first, and None
    when nothing is left. No session outlives a piece, so a slow reader holds none.
    """

    content_type: str
    filename: str
    read: Callable[[Context, Any], tuple[bytes, Any]]

    def headers(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", self.content_type),
            ("Content-Disposition", f'attachment; filename="{self.filename}"'),
        ]


def pieces(stream: Stream, runtime: Runtime, origin: Origin, actor: Actor) -> Iterator[bytes]:
    """The body. An error on the way breaks the connection, so that nobody takes a part for all."""
    mark = None
    while True:
        with unit_of_work(runtime, origin, actor, reads_only=True) as ctx:
            piece, mark = stream.read(ctx, mark)
        if piece:
            yield piece
        if mark is None:
            return


def take_a_place(places: BoundedSemaphore) -> None:
    """Streams may keep half of a worker's threads busy, not all of them."""
    if not places.acquire(blocking=False):
        raise TooManyRequests("Too many exports at a time. Try again later.", retry_after=10)
