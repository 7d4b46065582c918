"""The fast lane: what is called most is reached before Flask, by the function that its route calls.

Whatever is out of the ordinary (another method, a body without a length, a large one) goes the
usual way. Both ways answer byte for byte the same, which a test holds.
"""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import ClientDisconnected

from gatehouse.core.context import Runtime
from gatehouse.core.errors import GatehouseError
from gatehouse.core.headers import DIGITS, network_of
from gatehouse.core.protocol import MOST_BYTES, Answered, Endpoint, perform, refusal
from gatehouse.core.refusals import as_ours

Environ = dict[str, Any]


class Lane:
    """Endpoints by method and path."""

    def __init__(self, views: Iterable[Callable[..., Any]], runtime: Runtime) -> None:
        endpoints: list[Endpoint] = [view.endpoint for view in views]  # type: ignore[attr-defined]
        self._ends = {(method, one.path): one for one in endpoints for method in one.methods}
        self._bodies = runtime.bodies

    def answer(self, environ: Environ) -> Answered | None:
        """The answer, or None if the request has to go the usual way."""
        endpoint = self._ends.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if endpoint is None or environ.get("SCRIPT_NAME") or not _is_plain(environ):
            return None
        environ["gatehouse.route"] = endpoint.path
        try:
            return perform(endpoint, environ, self._body(environ), {})
        except GatehouseError as error:
            return refusal(error, environ)
        except Exception as error:  # noqa: BLE001 - what Flask's own handlers would get
            return refusal(as_ours(error, environ), environ)

    def _body(self, environ: Environ) -> bytes:
        """All of the body, before anything is looked up."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not length or environ["REQUEST_METHOD"] == "GET":
            return b""
        with self._bodies.reading(environ, network_of(environ["gatehouse.client"])):
            raw: bytes = environ["wsgi.input"].read(length)
            if len(raw) < length:
                raise ClientDisconnected
            return raw


def _is_plain(environ: Environ) -> bool:
    """Whether the body has a length, and none that has to be refused."""
    length = environ.get("CONTENT_LENGTH") or "0"
    is_short = bool(DIGITS.fullmatch(length)) and int(length) <= MOST_BYTES
    return is_short and "HTTP_TRANSFER_ENCODING" not in environ
