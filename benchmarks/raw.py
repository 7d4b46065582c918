"""The least that a WSGI server can be asked to serve: it shows what the load generator can do."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b'{"status":"alive"}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [*HEADERS])
    return [BODY]
