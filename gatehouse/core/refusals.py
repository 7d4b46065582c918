"""Every way in which a request can end badly, turned into the envelope. One renderer."""

from http import HTTPStatus

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
from gatehouse.core.http import API_ROOT, refusal
from gatehouse.core.logging import LOGGER

NO_SUCH_PATH = "There is no such path. /api/docs lists those that there are."
KINDS: dict[int, type[GatehouseError]] = {
    kind.status: kind for kind in (NotFound, MethodNotAllowed, TooLarge, UnsupportedMediaType)
}


def install(app: Flask) -> None:
    app.register_error_handler(GatehouseError, refusal)
    app.register_error_handler(ValidationError, _of_schema)
    app.register_error_handler(IntegrityError, _of_clash)
    app.register_error_handler(DBAPIError, _of_database)
    app.register_error_handler(PoolTimeoutError, _of_database)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_surprise)


def _of_schema(error: ValidationError) -> Response:
    return refusal(Invalid.fields(error.messages))


def _of_clash(_error: IntegrityError) -> Response:
    """A unique index or a foreign key decided a race against this request."""
    return refusal(Conflict())


def _of_database(error: Exception) -> Response:
    """The database is away, busy or full: said as such. Anything else is a mistake of ours."""
    is_away = isinstance(error, PoolTimeoutError | OperationalError)
    if is_away or getattr(error, "connection_invalidated", False):
        _log("The database did not do its part", error)
        return refusal(Unavailable())
    return _of_surprise(error)


def _of_http(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse: no such path, wrong method, a body that is too large."""
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_surprise(error)
    if isinstance(error, NoSuchPath):
        return refusal(NotFound(NO_SUCH_PATH))
    if isinstance(error, WrongMethod):
        return refusal(_of_method(sorted(error.valid_methods or ())))
    return refusal(KINDS.get(code, BadRequest)())


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
    _log("Unexpected error", error)
    return refusal(GatehouseError())


def _log(what: str, error: Exception) -> None:
    request_id = request.environ["gatehouse.request_id"]
    LOGGER.error("%s", what, exc_info=error, extra={"request_id": request_id})
