"""Every way in which a request can end badly, turned into the envelope. One renderer."""

from http import HTTPStatus

from flask import Flask, Response, request
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

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
from gatehouse.core.http import refusal
from gatehouse.core.logging import LOGGER

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
    ours = KINDS.get(code, BadRequest)()
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        ours.headers.append(("Allow", ", ".join(sorted(allowed))))
    return refusal(ours)


def _of_surprise(error: Exception) -> Response:
    """A mistake of ours: the caller learns the request id, the log learns everything."""
    _log("Unexpected error", error)
    return refusal(GatehouseError())


def _log(what: str, error: Exception) -> None:
    request_id = request.environ["gatehouse.request_id"]
    LOGGER.error("%s", what, exc_info=error, extra={"request_id": request_id})
