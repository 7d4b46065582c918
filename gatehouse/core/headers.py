"""What every answer carries, whoever made it: request id, security headers, CORS, a log line.

A WSGI wrapper around the whole application, so that no route and no error can leave without.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from uuid_utils import uuid4

from gatehouse.core.errors import RequestTimeout, TooManyRequests
from gatehouse.core.logging import RequestLog
from gatehouse.core.published import STATUS_LINES
from gatehouse.core.runtime import Runtime

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
WSGIApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

DIGITS = re.compile(r"[0-9]{1,12}")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
MOST_BYTES = 1024 * 1024  # of a request body
MOST_DRAINED = 64 * MOST_BYTES
CHUNK = 64 * 1024
NOTHING_MAY_LOAD = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SECURITY: Headers = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
HTTPS_ONLY = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
PREFLIGHT: Headers = [
    ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
    (
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, DPoP, Idempotency-Key, X-Request-ID",
    ),
    ("Access-Control-Max-Age", "600"),
    ("Content-Length", "0"),
]
EXPOSED = (
    "X-Request-ID, Retry-After, Idempotent-Replay, DPoP-Nonce, WWW-Authenticate,"
    " X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)


class Edge:
    """The outermost layer. What it learns of a request it leaves in ``environ``:

    ``gatehouse.runtime``, ``gatehouse.request_id``, ``gatehouse.client`` (the caller's address)
    and ``gatehouse.headers`` (a list: what is put in leaves with the answer).
    """

    def __init__(
        self, app: WSGIApp, runtime: Runtime, lane: Callable[[Environ], Any] | None = None
    ) -> None:
        settings = runtime.settings
        self._app = app
        self._lane = lane
        self._runtime = runtime
        self._log = RequestLog(settings)
        self._metrics = runtime.metrics
        self._hops = settings.trusted_proxy_hops
        self._origins = frozenset(settings.cors_origins)
        self._constant = [*SECURITY, *([HTTPS_ONLY] if settings.is_https else [])]
        self._names = frozenset(name.lower() for name, _ in self._constant)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = perf_counter()
        environ["gatehouse.runtime"] = self._runtime
        environ["gatehouse.request_id"] = request_id = _request_id(environ)
        environ["gatehouse.client"] = client_address(environ, self._hops)
        extra: Headers = []
        environ["gatehouse.headers"] = extra

        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            names = {name.lower() for name, _ in headers}
            headers += self._constant if names.isdisjoint(self._names) else self._besides(names)
            headers += extra
            headers.append(("X-Request-ID", request_id))
            if "content-security-policy" not in names:
                headers.append(("Content-Security-Policy", NOTHING_MAY_LOAD))
            if "cache-control" not in names:
                headers.append(("Cache-Control", "no-store"))
            if "referrer-policy" not in names:
                headers.append(("Referrer-Policy", "no-referrer"))
            if self._origins and "access-control-allow-origin" not in names:
                headers += self._cors(environ)
            self._note(environ, int(status[:3]), perf_counter() - started)
            return (
                start_response(status, headers, exc_info)
                if exc_info
                else start_response(status, headers)
            )

        if self._is_preflight(environ):
            start("204 No Content", list(PREFLIGHT))
            return []
        self._drain_what_is_too_large(environ)
        answered = self._lane(environ) if self._lane else None
        if answered is None:
            return self._app(environ, start)
        start(STATUS_LINES[answered.status], answered.headers)
        return [answered.body]

    def _besides(self, names: set[str]) -> Headers:
        """What every answer carries, but for what this one says otherwise."""
        return [(name, value) for name, value in self._constant if name.lower() not in names]

    def _note(self, environ: Environ, status: int, took: float) -> None:
        """Count the request, and write its line."""
        if self._metrics is not None:
            route = environ.get("gatehouse.route")
            self._metrics.request(environ["REQUEST_METHOD"], route, status, took)
            if "gatehouse.refused" in environ:
                self._metrics.count("refusal", environ["gatehouse.refused"])
        if self._log.is_on:
            self._log.write(environ, status, took * 1000)

    def _drain_what_is_too_large(self, environ: Environ) -> None:
        """Read an oversized body away, up to a bound, so that its sender hears the refusal.

        A server that closes with unread bytes makes the sender's machine drop the answer.
        """
        length = environ.get("CONTENT_LENGTH", "")
        if not DIGITS.fullmatch(length) or not MOST_BYTES < int(length) <= MOST_DRAINED:
            return
        left = int(length)
        caller = network_of(environ["gatehouse.client"])
        with (
            suppress(TooManyRequests, RequestTimeout),
            self._runtime.bodies.reading(environ, caller),
        ):
            while left > 0 and (chunk := environ["wsgi.input"].read(min(left, CHUNK))):
                left -= len(chunk)

    def _is_preflight(self, environ: Environ) -> bool:
        return (
            environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
            and environ.get("HTTP_ORIGIN") in self._origins
        )

    def _cors(self, environ: Environ) -> Headers:
        """Name the caller's origin if it is on the list, and never any other (Fetch, 3.2)."""
        headers = [("Vary", "Origin")]
        origin = environ.get("HTTP_ORIGIN")
        if origin in self._origins:
            headers.append(("Access-Control-Allow-Origin", str(origin)))
            headers.append(("Access-Control-Expose-Headers", EXPOSED))
        return headers


def client_address(environ: Environ, hops: int) -> str | None:
    """The caller's address: the peer, or the entry that ``hops`` trusted proxies vouch for.

    Entries further left are the caller's own words. An entry that is not an address counts for
    nothing: then the peer stands, so that nobody can pick an address by malformed input.
    """
    peer = _address(environ.get("REMOTE_ADDR", ""))
    if hops == 0:
        return peer
    entries = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(entries) < hops:
        return peer
    return _address(entries[-hops].strip()) or peer


def network_of(address: str | None) -> str:
    """What a limit counts: an IPv4 address, or the /64 that one IPv6 caller commands."""
    if address is None:
        return "unknown"
    if ":" not in address:
        return address
    return ip_address(address).exploded[:19] + "::/64"


@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    if getattr(found, "scope_id", None):
        return None
    return str(mapped or found)


def _request_id(environ: Environ) -> str:
    sent = environ.get("HTTP_X_REQUEST_ID")
    return sent if sent and REQUEST_ID.fullmatch(sent) else str(uuid4())
