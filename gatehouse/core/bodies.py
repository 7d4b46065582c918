"""Bodies that are held back: how many callers may keep a thread waiting, how long; broken ones."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RD, socket
from threading import Condition
from typing import Any

from werkzeug.exceptions import ClientDisconnected

from gatehouse.core.errors import BadRequest, RequestTimeout, TooManyRequests

SPARE = 2  # threads that no waiting body may take, so that requests without one are served
PATIENCE = 0.25  # seconds to wait for a place
DEADLINE = 10.0  # seconds in which the next part of a body must come, where a server lets us say so


class BrokenBody(BadRequest):
    message = "The body is not in chunks as HTTP has them."


class BodyGate:
    """Lets only some of a worker's threads wait for bodies at a time, and one caller half of those.

    A server of a few threads could otherwise be stopped by as few callers who send half a body
    and no more. Whoever finds no place is told to come again.
    """

    def __init__(self, threads: int) -> None:
        self._places = max(1, threads - SPARE)
        self._places_of_one = max(1, self._places // 2)
        self._waiting: Counter[str] = Counter()
        self._taken = 0
        self._changed = Condition()

    @contextmanager
    def reading(self, environ: dict[str, Any], caller: str) -> Iterator[None]:
        """Hold a place while the body is read.

        Raises TooManyRequests, RequestTimeout or BrokenBody.
        """
        connection: socket | None = environ.get("gunicorn.socket")
        if not self._enter(caller):
            _hear_no_more(connection)
            raise TooManyRequests("Too many callers hold back their bodies.", retry_after=1)
        try:
            if connection is not None:
                connection.settimeout(DEADLINE)
            yield
        except (TimeoutError, ClientDisconnected):
            _hear_no_more(connection)
            raise RequestTimeout from None
        except _broken_chunks():
            # Nobody knows where the body ends: what follows must not be taken for a request.
            _hear_no_more(connection)
            raise BrokenBody from None
        finally:
            if connection is not None:
                connection.settimeout(None)
            self._leave(caller)

    def _enter(self, caller: str) -> bool:
        with self._changed:
            has_place = self._has_place(caller) or self._changed.wait_for(
                lambda: self._has_place(caller), PATIENCE
            )
            if has_place:
                self._taken += 1
                self._waiting[caller] += 1
            return has_place

    def _has_place(self, caller: str) -> bool:
        return self._taken < self._places and self._waiting[caller] < self._places_of_one

    def _leave(self, caller: str) -> None:
        with self._changed:
            self._taken -= 1
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]
            self._changed.notify_all()


def _broken_chunks() -> tuple[type[Exception], ...]:
    """What gunicorn raises at a body in chunks that is none, if gunicorn is what serves us."""
    errors = sys.modules.get("gunicorn.http.errors")
    return (errors.ParseException, errors.NoMoreData) if errors else ()


def _hear_no_more(connection: socket | None) -> None:
    """gunicorn would wait for the rest of the body even after it has been refused."""
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(SHUT_RD)
