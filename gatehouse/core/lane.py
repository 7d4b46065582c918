"""The fast lane: what is called most is reached before Flask, by the function that its route calls.

Whatever is out of the ordinary (another method, a body without a length, a large one) goes the
usual way. Both ways answer byte for byte the same, which a test holds.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from werkzeug.exceptions import ClientDisconnected

from gatehouse.core.errors import GatehouseError
from gatehouse.core.headers import DIGITS, network_of
from gatehouse.core.protocol import MOST_BYTES
from gatehouse.core.published import Answered, Environ
from gatehouse.core.refusals import as_ours
from gatehouse.core.runtime import Runtime

NAMED = re.compile(r"([^<>]*/)<(?:\w+:)?(\w+)>(/[^<>/]+)")
PLAIN = re.compile(r"[A-Za-z0-9._~-]+")


class End(Protocol):
    """Where the lane leads to."""

    @property
    def path(self) -> str: ...

    @property
    def methods(self) -> tuple[str, ...]: ...

    def perform(
        self, environ: Environ, read: Callable[[], bytes], names: dict[str, Any]
    ) -> Answered: ...

    def refuse(self, error: GatehouseError, environ: Environ) -> Answered: ...


class Lane:
    """Ends by method and path. A path may have one name in it, before its last part."""

    def __init__(self, views: Iterable[Callable[..., Any]], runtime: Runtime) -> None:
        self._ends: dict[tuple[str, str], End] = {}
        self._named: dict[tuple[str, str, str], tuple[End, str]] = {}
        self._bodies = runtime.bodies
        for view in views:
            self._add(view.endpoint)  # type: ignore[attr-defined]

    def _add(self, end: End) -> None:
        named = NAMED.fullmatch(end.path)
        if named is None and "<" in end.path:
            raise TypeError(f"{end.path} has names where the fast lane looks for none.")
        for method in end.methods:
            if named is None:
                self._ends[method, end.path] = end
            else:
                before, name, after = named.groups()
                self._named[method, before, after] = end, name

    def answer(self, environ: Environ) -> Answered | None:
        """The answer, or None if the request has to go the usual way."""
        end, names = self._find(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if end is None or environ.get("SCRIPT_NAME") or not _is_plain(environ):
            return None
        environ["gatehouse.route"] = end.path
        try:
            return end.perform(environ, partial(self._body, environ), names)
        except GatehouseError as error:
            return end.refuse(error, environ)
        except Exception as error:  # noqa: BLE001 - what Flask's own handlers would get
            return end.refuse(as_ours(error, environ), environ)

    def _find(self, method: str, path: str) -> tuple[End | None, dict[str, Any]]:
        end = self._ends.get((method, path))
        if end is not None:
            return end, {}
        before, _, last = path.rpartition("/")
        before, _, value = before.rpartition("/")
        end, name = self._named.get((method, f"{before}/", f"/{last}"), (None, ""))
        return (end, {name: value}) if PLAIN.fullmatch(value) else (None, {})

    def _body(self, environ: Environ) -> bytes:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if not length:
            return b""
        with self._bodies.reading(environ, network_of(environ["gatehouse.client"])):
            raw: bytes = environ["wsgi.input"].read(length)
            if len(raw) < length:
                raise ClientDisconnected
            return raw


def _is_plain(environ: Environ) -> bool:
    """Whether the body has a length, and none that has to be refused. Without one there may be a
    body all the same, in HTTP/2 (RFC 9113 8.1).
    """
    length = environ.get("CONTENT_LENGTH") or ("0" if environ["REQUEST_METHOD"] == "GET" else "")
    is_short = bool(DIGITS.fullmatch(length)) and int(length) <= MOST_BYTES
    return is_short and "HTTP_TRANSFER_ENCODING" not in environ
