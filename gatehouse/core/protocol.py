"""Endpoints of OAuth and OpenID: forms in, answers in the shape of their RFC, never our envelope.

A view takes a Context and a Call, and returns a Reply. What it declares beside its path is whether
browsers of other origins may call it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

import orjson
from flask import Blueprint, Response, request

from gatehouse.core.answering import JSON, READING
from gatehouse.core.callers import origin_of
from gatehouse.core.context import ANONYMOUS, unit_of_work
from gatehouse.core.errors import GatehouseError, TooManyRequests, Unavailable
from gatehouse.core.forms import FORM
from gatehouse.core.http import read_body
from gatehouse.core.published import Answered, Complete, Environ

if TYPE_CHECKING:
    from gatehouse.core.runtime import Runtime

MOST_BYTES = 64 * 1024
MOST_PARAMETERS = 100
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
ALLOWED_HEADERS = "Authorization, Content-Type, DPoP"
# RFC 6749 appendix A.7 and A.8: what may stand in error_description.
SAYABLE = frozenset(map(chr, range(0x20, 0x7F))) - {'"', "\\"}

View = TypeVar("View", bound=Callable[..., Any])
Headers = tuple[tuple[str, str], ...]


class OAuthError(GatehouseError):
    """A refusal in the words of RFC 6749 5.2. Subclasses name the ``error``."""

    status = HTTPStatus.BAD_REQUEST
    error: ClassVar[str] = "invalid_request"
    message = "The request is missing a parameter, or has one that is not valid."

    def __init__(self, message: str | None = None, *, status: int = 0, **details: Any) -> None:
        super().__init__(message, **details)
        self.code = status or int(type(self).status)

    @property
    def description(self) -> str:
        return "".join(sign for sign in str(self) if sign in SAYABLE)

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.description}


class InvalidRequest(OAuthError):
    """RFC 6749 5.2."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: an object as JSON, or text of another ``kind``; nothing is an empty body."""

    body: dict[str, Any] | str | bytes | None = None
    status: int = 200
    headers: Headers = ()
    kind: str = JSON


@dataclass(slots=True)
class Call:
    """What came in. ``sent`` has each parameter once; those that may repeat are in ``several``.

    ``allow_origin`` is the origin whose pages may read the answer: none, or ``*`` for all.
    """

    method: str
    environ: dict[str, Any]
    path: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    several: dict[str, list[str]] = field(default_factory=dict)
    raw: bytes = b""
    allow_origin: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        """The header as it was sent, or None."""
        found: str | None = self.environ.get(_variable(name))
        return found

    def need(self, name: str) -> str:
        """A parameter that must be there. Raises InvalidRequest."""
        value = self.sent.get(name)
        if not value:
            raise InvalidRequest(f"The parameter {name} is missing.")
        return value


@lru_cache(maxsize=64)
def _variable(name: str) -> str:
    """The name of a header in WSGI. Only our own words come here."""
    return "HTTP_" + name.upper().replace("-", "_")


class Endpoints(Blueprint):
    """The protocol endpoints of a domain."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}_protocol", __name__)

    def get(self, path: str, *, reads_only: bool = True) -> Callable[[View], View]:  # type: ignore[override]
        return self._mount(path, ("GET",), reads_only=reads_only)

    def post(self, path: str, *, takes: str = FORM) -> Callable[[View], View]:  # type: ignore[override]
        return self._mount(path, ("POST",), takes=takes)

    def any(self, path: str, *methods: str, takes: str = FORM) -> Callable[[View], View]:
        return self._mount(path, methods, takes=takes)

    def _mount(
        self, path: str, methods: tuple[str, ...], *, takes: str = "", reads_only: bool = False
    ) -> Callable[[View], View]:
        def mount(view: View) -> View:
            endpoint = Endpoint(view, path, methods, takes, reads_only)
            view.endpoint = endpoint  # type: ignore[attr-defined]
            methods_too = [*methods, "OPTIONS"]
            self.add_url_rule(path, view.__name__, _serve(endpoint), methods=methods_too)
            return view

        return mount


@dataclass(frozen=True, slots=True)
class Endpoint:
    """All that was said of a view beside its path."""

    view: Callable[..., Reply]
    path: str
    methods: tuple[str, ...]
    takes: str
    reads_only: bool

    def perform(
        self, environ: Environ, read: Callable[[], bytes], names: Mapping[str, str]
    ) -> Answered:
        """Do what it does, in one unit of work. Needs no Flask. Refusals are raised."""
        runtime: Runtime = environ["gatehouse.runtime"]
        is_reading = environ["REQUEST_METHOD"] in READING
        raw = b"" if is_reading else read()
        call = Call(environ["REQUEST_METHOD"], environ, path=_path_of(environ))
        environ["gatehouse.call"] = call
        if not is_reading:
            _read(call, raw, self.takes)
        origin = origin_of(environ)
        with unit_of_work(runtime, origin, ANONYMOUS, reads_only=self.reads_only) as ctx:
            reply = self.view(ctx, call, **names)
        return _answer(reply, call)

    def refuse(self, error: GatehouseError, environ: Environ) -> Answered:
        return refusal(error, environ)


def _serve(endpoint: Endpoint) -> Callable[..., Response]:
    def serve(**names: str) -> Response:
        environ = request.environ
        environ["gatehouse.route"] = endpoint.path
        environ["gatehouse.refuse"] = as_response
        if request.method == "OPTIONS":
            return Complete(_preflight(endpoint.methods))
        return Complete(endpoint.perform(environ, read_body, names))

    serve.__name__ = endpoint.view.__name__
    serve.__doc__ = endpoint.view.__doc__
    return serve


def _path_of(environ: Mapping[str, Any]) -> str:
    return str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))


def as_response(error: GatehouseError) -> Response:
    """Any error, for Flask."""
    return Complete(refusal(error, request.environ))


def _read(call: Call, raw: bytes, takes: str) -> None:
    kind = str(call.environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if takes != FORM:
        call.raw = raw
        if raw and kind != takes:
            raise InvalidRequest(f"Send {takes}.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return
    if raw and kind != FORM:
        raise InvalidRequest(f"Send a form: {FORM}.")
    call.sent, call.several = read_parameters(raw)


def read_parameters(raw: bytes) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Parameters of a form or a query string; one without a value was not sent (RFC 6749 3.1).

    ``resource`` may come several times (RFC 8707 2), ``audience`` too (RFC 8693 2.1).
    Raises InvalidRequest.
    """
    if len(raw) > MOST_BYTES:
        raise InvalidRequest("The request is too large.")
    try:
        pairs = _pairs(raw.decode())
    except ValueError:
        raise InvalidRequest("The parameters cannot be read.") from None
    several: dict[str, list[str]] = {"resource": [], "audience": []}
    sent: dict[str, str] = {}
    for name, value in pairs:
        if "\x00" in value:
            raise InvalidRequest("A parameter holds a NUL character.")
        if name in several and value:
            several[name].append(value)
        elif name in sent:
            raise InvalidRequest("A parameter was sent twice.")
        sent.setdefault(name, value)
    return {name: value for name, value in sent.items() if value}, several


def _pairs(text: str) -> list[tuple[str, str]]:
    """What a form says, in its order. Most forms of programs have nothing to be decoded."""
    if "%" in text or "+" in text or text.count("&") >= MOST_PARAMETERS:
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    parts = (part.partition("=") for part in text.split("&") if part)
    return [(name, value) for name, _, value in parts]


def _answer(reply: Reply, call: Call) -> Answered:
    is_object = isinstance(reply.body, dict)
    body: Any = orjson.dumps(reply.body) if is_object else reply.body or b""
    body = body.encode() if isinstance(body, str) else body
    headers = [*reply.headers, *call.headers, *_cors(call)]
    if all(name.lower() != "cache-control" for name, _ in reply.headers):
        headers += NO_STORE
    return _whole(reply.status, headers, body, reply.kind)


def _whole(status: int, headers: list[tuple[str, str]], body: bytes, kind: str) -> Answered:
    if body:
        headers.append(("Content-Type", kind))
    headers.append(("Content-Length", str(len(body))))
    return Answered(status, headers, body)


def refusal(error: GatehouseError, environ: dict[str, Any]) -> Answered:
    """Any error, as RFC 6749 5.2 has it."""
    call: Call | None = environ.get("gatehouse.call")
    headers: list[tuple[str, str]] = [*error.headers, *NO_STORE]
    if call is not None:
        headers += [*call.headers, *_cors(call)]
    environ["gatehouse.refused"] = getattr(error, "error", error.type)
    if isinstance(error, OAuthError):
        return _whole(error.code, headers, orjson.dumps(error.body()), JSON)
    is_passing = isinstance(error, TooManyRequests | Unavailable)
    name = "temporarily_unavailable" if is_passing else _name_of(error)
    says = "".join(sign for sign in str(error) if sign in SAYABLE)
    body = orjson.dumps({"error": name, "error_description": says})
    return _whole(error.status.value, headers, body, JSON)


def _name_of(error: GatehouseError) -> str:
    return "server_error" if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"


def _preflight(methods: tuple[str, ...]) -> Answered:
    """Any origin may ask; whether it may read the answer is decided there (Fetch, 3.2)."""
    headers = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", ALLOWED_HEADERS),
        ("Access-Control-Max-Age", "600"),
        ("Allow", ", ".join([*methods, "OPTIONS"])),
    ]
    return Answered(HTTPStatus.NO_CONTENT.value, headers, b"")


def _cors(call: Call) -> list[tuple[str, str]]:
    """Cookies are never invited: whoever calls shows a token or a client's proof."""
    if not call.allow_origin:
        return [("Vary", "Origin")]
    return [
        ("Vary", "Origin"),
        ("Access-Control-Allow-Origin", call.allow_origin),
        ("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate, Retry-After"),
    ]
