"""The envelope of every answer. Plain functions over values: they need no Flask."""

from http import HTTPStatus
from typing import Any

import orjson

VERSION = "1.0"
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def success(
    request_id: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    message: str = "",
    data: Any = None,
    meta: Any = None,
) -> bytes:
    """A success. ``data`` may be ``ready(...)`` bytes that were encoded before."""
    content = {
        "version": VERSION,
        "success": True,
        "code": status.value,
        "message": message or status.phrase,
        "request_id": request_id,
        "data": {} if data is None else data,
        "meta": {} if meta is None else meta,
    }
    return orjson.dumps(content, option=OPTIONS)


def refusal(
    request_id: str,
    *,
    status: HTTPStatus,
    error_type: str,
    message: str,
    details: Any = None,
) -> bytes:
    """An error, in the one shape that every error of the REST API has."""
    content = {
        "version": VERSION,
        "success": False,
        "code": status.value,
        "message": message or status.phrase,
        "request_id": request_id,
        "error": {"type": error_type, "details": {} if details is None else details},
    }
    return orjson.dumps(content, default=str, option=OPTIONS)


def encode(data: Any) -> bytes:
    """JSON bytes, for an answer that is kept."""
    return orjson.dumps(data, option=OPTIONS)


def ready(data: bytes) -> orjson.Fragment:
    """Bytes that are JSON already, to be set into an envelope as they are."""
    return orjson.Fragment(data)
