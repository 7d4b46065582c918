"""The OpenAPI 3.1 document, made of the routes' own decorators."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin, common
from flask import Flask
from flask_smorest import Api as Smorest
from flask_smorest import Blueprint
from marshmallow import Schema

from gatehouse.core import errors, fields, idempotency
from gatehouse.core.access import Access, access_of
from gatehouse.core.answering import Route
from gatehouse.core.http import Api
from gatehouse.core.identifiers import AnySegment
from gatehouse.core.pagination import CursorField

TITLE = "Gatehouse"
VERSION = "1.0"
ABOUT = """Who you are, what you may enter, and a record of every door.

Every answer has the same envelope. Sign in with `POST /api/v1/auth/login` and send the token as
`Authorization: Bearer <token>`. Programs send an access token so, or one that is bound to a key as
`Authorization: DPoP <token>` with a proof (RFC 9449). A refusal names its `error.type` and, for
`VALIDATION_ERROR`, every field with what is wrong and what would be right.

Applications that sign people in use OpenID Connect and not this: all that a client library needs is
at `/.well-known/openid-configuration`."""
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
PAGINATION = {
    "type": "object",
    "required": ["pagination", "next_cursor"],
    "properties": {
        "pagination": {
            "type": "object",
            "required": ["page", "per_page", "total", "pages"],
            "properties": {
                **dict.fromkeys(("page", "per_page", "total", "pages"), COUNT),
                "count_is_capped": {"type": "boolean"},
            },
        },
        "next_cursor": {"type": ["string", "null"]},
    },
}
ERROR = {
    "type": "object",
    "required": ["version", "success", "code", "message", "request_id", "error"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": VERSION},
        "success": {"const": False},
        "code": {"type": "integer"},
        "message": TEXT,
        "request_id": TEXT,
        "error": {
            "type": "object",
            "required": ["type", "details"],
            "additionalProperties": False,
            "properties": {"type": TEXT, "details": {"type": "object"}},
        },
    },
}
REPEATED = {
    "in": "header",
    "name": idempotency.REQUEST,
    "required": False,
    "description": "Sent again within 24 hours with the same request, it gives the same answer,"
    " with the header Idempotent-Replay: true, and nothing is done a second time.",
    "schema": {"type": "string", "pattern": f"^{idempotency.PATTERN}$"},
}
HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
ALWAYS = (errors.Unavailable,)
OF_INPUT = (errors.Invalid, errors.BadRequest)
OF_BODY = (*OF_INPUT, errors.TooLarge, errors.UnsupportedMediaType)
OF_MEMBER = (errors.MembershipSuspended, errors.MfaComplianceRequired, errors.StepUpRequired)
OF_CALLER = (
    errors.AuthRequired,
    errors.InvalidAuthFormat,
    errors.InvalidToken,
    errors.TooManyRequests,
)


def _security(access: Access) -> list[dict[str, list[str]]]:
    """Who may call, as alternatives: an empty one is nobody in particular."""
    anonymous: list[dict[str, list[str]]] = [{}] if access.is_public else []
    return [*anonymous, {"bearer": []}] if access.knows_callers else []


def document(apis: Iterable[Api]) -> dict[str, Any]:
    """The whole document. A Flask app of its own collects it, so that ours stays as it is."""
    scratch = Flask("gatehouse")
    scratch.url_map.converters["uuid"] = AnySegment
    scratch.config |= {"API_TITLE": TITLE, "API_VERSION": VERSION, "OPENAPI_VERSION": "3.1.0"}
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    smorest = Smorest(
        scratch, spec_kwargs={"marshmallow_plugin": plugin, "info": {"description": ABOUT}}
    )
    smorest.register_converter(AnySegment, lambda _converter: {"type": "string", "format": "uuid"})
    for field in (fields.Text, fields.Paragraphs, fields.Password, CursorField):
        smorest.register_field(field, "string", None)
    smorest.register_field(fields.Address, "string", "email")
    smorest.register_field(fields.WebAddress, "string", "uri")
    smorest.register_field(fields.Moment, "string", "date-time")
    smorest.register_field(fields.Instant, "string", "date-time")
    smorest.register_field(fields.Flag, "boolean", None)
    smorest.register_field(fields.Whole, "integer", None)
    smorest.spec.components.schema("Error", ERROR)
    smorest.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "description": "A session or access token"}
    )
    for api in apis:
        smorest.register_blueprint(_described(api))
    return _finished(smorest.spec.to_dict())


def _described(api: Api) -> Blueprint:
    """The same routes as flask-smorest puts them into the document; nobody calls these."""
    described = Blueprint(api.name, __name__, description=api.about)
    for route in api.routes:
        described.add_url_rule(route.path, view_func=_stand_in(route), methods=[route.method])
    return described


def _stand_in(route: Route) -> Callable[[], None]:
    def view() -> None:
        """Has the name, the words and what ``@doc`` of flask-smorest would leave."""

    view.__name__, view.__doc__ = route.plan.view.__name__, route.plan.view.__doc__
    view._apidoc = {"manual_doc": _operation(route)}  # type: ignore[attr-defined] # noqa: SLF001
    return view


def _operation(route: Route) -> dict[str, Any]:
    view = route.plan.view
    notes = getattr(view, "notes", {})
    said: dict[str, Any] = {
        "operationId": view.__name__,
        "responses": {
            **_success(notes),
            **_refusals(view, notes, route.method, route.path),
        },
        "security": _security(access_of(view)),
    }
    if "query" in notes:
        said["parameters"] = [{"in": "query", "schema": notes["query"]}]
    if _can_be_repeated(view, notes):
        said.setdefault("parameters", []).append(REPEATED)
    if "body" in notes and route.method != "GET":
        content = {"application/json": {"schema": notes["body"]}}
        is_required = any(field.required for field in notes["body"].fields.values())
        said["requestBody"] = {"required": is_required, "content": content}
    return said


def _can_be_repeated(view: Callable[..., Any], notes: dict[str, Any]) -> bool:
    return notes["returns"].status is HTTPStatus.CREATED and not access_of(view).is_public


def _success(notes: dict[str, Any]) -> dict[str, Any]:
    found = _answer(notes, notes["returns"].status)
    if notes.get("or_there"):
        found |= _answer(notes, HTTPStatus.OK)
    if notes.get("is_tagged"):
        not_modified = HTTPStatus.NOT_MODIFIED
        found[str(not_modified.value)] = {"description": not_modified.phrase}
    return found


def _answer(notes: dict[str, Any], status: HTTPStatus) -> dict[str, Any]:
    returns = notes["returns"]
    text = notes.get("streams") or notes.get("publishes")
    if text:
        lines = {kind: {"schema": TEXT} for kind in text}
        return {str(status.value): {"description": status.phrase, "content": lines}}
    if returns.is_bare:
        content = {"application/json": {"schema": returns.schema}}
        return {str(status.value): {"description": status.phrase, "content": content}}
    data: Any = {"type": "object"}
    meta: Any = {"type": "object"}
    if returns.schema is not None:
        data = _data(returns.schema, notes, returns.key)
        meta = PAGINATION if notes["paged"] else meta
    envelope = {
        "type": "object",
        "required": ["version", "success", "code", "message", "request_id", "data", "meta"],
        "properties": {
            "version": {"const": VERSION},
            "success": {"const": True},
            "code": {"const": status.value},
            "message": TEXT,
            "request_id": TEXT,
            "data": data,
            "meta": meta,
        },
    }
    content = {"application/json": {"schema": envelope}}
    return {str(status.value): {"description": status.phrase, "content": content}}


def _data(schema: Schema, notes: dict[str, Any], key: str) -> Any:
    if not key:
        return schema
    if not (notes["listed"] or notes["paged"]):
        return {"type": "object", "required": [key], "properties": {key: schema}}
    counts = {"count": COUNT}
    if notes["paged"]:
        counts |= dict.fromkeys(("page", "per_page", "pages"), COUNT) | notes["beside"]
    properties = {key: {"type": "array", "items": schema}, **counts}
    return {"type": "object", "required": list(properties), "properties": properties}


def _refusals(
    view: Callable[..., Any], notes: dict[str, Any], method: str, path: str
) -> dict[str, Any]:
    kinds = [*_of_what_comes(view, notes, method, path), *_of_who_calls(view)]
    by_status: dict[int, set[str]] = {}
    for kind in (*ALWAYS, *notes.get("raises", ()), *kinds):
        by_status.setdefault(kind.status, set()).add(kind.type)
    return {
        str(int(status)): {"description": " or ".join(sorted(types)), **_error(status)}
        for status, types in sorted(by_status.items())
    }


def _of_what_comes(
    view: Callable[..., Any], notes: dict[str, Any], method: str, path: str
) -> Iterator[type[errors.GatehouseError]]:
    if method != "GET":  # Where no body is taken, one that is sent is refused.
        yield from OF_BODY
    elif "query" in notes or "<" in path:
        yield from OF_INPUT
    if "<" in path:
        yield errors.NotFound
    if _can_be_repeated(view, notes):
        yield errors.Conflict


def _of_who_calls(view: Callable[..., Any]) -> Iterator[type[errors.GatehouseError]]:
    access = access_of(view)
    if access.knows_callers:
        yield from OF_CALLER
    if access.permission:
        yield from OF_MEMBER
    if access.permission or access.is_for_operators:
        yield errors.Forbidden
    if getattr(view, "elevated", False):
        yield errors.ReauthenticationRequired
        yield errors.StepUpRequired
        yield errors.ProofTooOld
        yield errors.FactorMissing
    if getattr(view, "limit", None):
        yield errors.TooManyRequests


def _error(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    names = HEADERS.get(status, ())
    headers = {name: {"schema": TEXT, "required": True} for name in names}
    return {"content": content} | ({"headers": headers} if headers else {})


def _name(schema: Any) -> str:
    """A schema's name in the document: its class, and what it is when every field is optional."""
    kind: Any = common.resolve_schema_cls(schema)
    is_partial = getattr(schema, "partial", None) is True
    return f"{kind.__name__}Partial" if is_partial else str(kind.__name__)


def _finished(spec: dict[str, Any]) -> dict[str, Any]:
    """Say what Marshmallow leaves unsaid: what leaves is complete, what comes in holds no more."""
    for name, schema in spec["components"]["schemas"].items():
        if name.endswith("Out"):
            schema["required"] = sorted(schema["properties"])
        elif name != "Error":
            schema["additionalProperties"] = False
    for leftover in ("ErrorSchema", "PaginationMetadataSchema"):
        spec["components"]["schemas"].pop(leftover, None)
    for path in spec["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation["responses"].pop("default", None)
    spec["tags"].sort(key=lambda tag: tag["name"] != "auth")  # Signing in comes first.
    for unused in ("responses", "headers"):
        spec["components"].pop(unused, None)
    return spec
