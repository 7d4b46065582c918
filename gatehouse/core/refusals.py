"""Every way in which a request can end badly, turned into the envelope. One renderer."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WrongMethod
from werkzeug.exceptions import NotFound as NoSuchPath

from gatehouse.core.errors import (
    BadRequest,
    Conflict,
    GatehouseError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from gatehouse.core.html import refusal_page
from gatehouse.core.http import API_ROOT, as_response
from gatehouse.core.logging import LOGGER
from gatehouse.core.protocol import as_response as protocol_refusal

API = "/api/"
PROTOCOLS = ("/oidc/", "/.well-known/")  # Whose errors have the shape of their RFCs.
NO_SUCH_PATH = "There is no such path. See /api/docs and /.well-known/openid-configuration."
KINDS: dict[int, type[GatehouseError]] = {
    kind.status: kind for kind in (NotFound, MethodNotAllowed, TooLarge, UnsupportedMediaType)
}


def install(app: Flask, apis: Iterable[Any]) -> None:
    elsewhere = (path for api in apis for path in api.paths if not path.startswith(API))
    app.extensions["gatehouse_enveloped"] = (API, *(f"{path}/" for path in elsewhere))
    app.register_error_handler(GatehouseError, _refuse)
    app.register_error_handler(ValidationError, _of_schema)
    app.register_error_handler(IntegrityError, _of_clash)
    app.register_error_handler(DBAPIError, _of_database)
    app.register_error_handler(PoolTimeoutError, _of_database)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_surprise)


def _refuse(error: GatehouseError) -> Response:
    """In the envelope, or where a person looks at it, as a page."""
    own = request.environ.get("gatehouse.refuse")
    if own is not None:
        answer: Response = own(error)
        return answer
    if f"{request.path}/".startswith(current_app.extensions["gatehouse_enveloped"]):
        return as_response(error)
    if "text/html" in request.headers.get("Accept", ""):
        return refusal_page(error)
    is_of_a_protocol = request.path.startswith(PROTOCOLS)
    return protocol_refusal(error) if is_of_a_protocol else as_response(error)


def as_ours(error: Exception, environ: dict[str, Any]) -> GatehouseError:
    """What a request is told that met ``error``, which the log learns in full if it is our own
    mistake, or the database's.
    """
    if isinstance(error, GatehouseError):
        return error
    if isinstance(error, IntegrityError):
        return Conflict()
    is_away = isinstance(error, PoolTimeoutError | OperationalError)
    if is_away or getattr(error, "connection_invalidated", False):
        _log("The database did not do its part", error, environ)
        return Unavailable()
    _log("Unexpected error", error, environ)
    return GatehouseError()


def _of_schema(error: ValidationError) -> Response:
    return _refuse(Invalid.fields(error.messages))


def _of_clash(error: IntegrityError) -> Response:
    """A unique index or a foreign key decided a race against this request."""
    return _refuse(as_ours(error, request.environ))


def _of_database(error: Exception) -> Response:
    """The database is away, busy or full: said as such. Anything else is a mistake of ours."""
    return _refuse(as_ours(error, request.environ))


def _of_http(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse: no such path, wrong method, a body that is too large."""
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_surprise(error)
    if isinstance(error, NoSuchPath):
        return _refuse(NotFound(NO_SUCH_PATH))
    if isinstance(error, WrongMethod):
        return _refuse(_of_method(sorted(error.valid_methods or ())))
    return _refuse(KINDS.get(code, BadRequest)())


def _of_method(allowed: list[str]) -> MethodNotAllowed:
    """Names the methods that the path takes, and where one's own of these things are listed."""
    told = ", ".join(method for method in allowed if method not in ("HEAD", "OPTIONS"))
    own = request.path.replace(API_ROOT, f"{API_ROOT}/users/me", 1)
    is_listed = own != request.path and current_app.url_map.bind("").test(own, "GET")
    hint = f" Your own are at GET {own}." if request.method == "GET" and is_listed else ""
    ours = MethodNotAllowed(f"This path takes {told} only.{hint}")
    ours.headers.append(("Allow", ", ".join(allowed)))
    return ours


def _of_surprise(error: Exception) -> Response:
    """A mistake of ours: the caller learns the request id, the log learns everything."""
    return _refuse(as_ours(error, request.environ))


def _log(what: str, error: Exception, environ: dict[str, Any]) -> None:
    request_id = environ["gatehouse.request_id"]
    LOGGER.error("%s", what, exc_info=error, extra={"request_id": request_id})
