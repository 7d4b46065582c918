"""HTTP in, HTTP out: who calls, what they sent, the unit of work, the envelope and the refusals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema

from gatehouse.core import access, envelope, idempotency, rate_limit
from gatehouse.core.context import ANONYMOUS, Actor, Context, Origin, Runtime, unit_of_work
from gatehouse.core.errors import (
    AuthRequired,
    Forbidden,
    GatehouseError,
    InvalidAuthFormat,
    InvalidToken,
    UnsupportedMediaType,
)
from gatehouse.core.headers import network_of
from gatehouse.core.identifiers import as_uuid
from gatehouse.core.json_body import read_object
from gatehouse.core.openapi import describe
from gatehouse.core.published import STATUS_LINES, Answer, Published, complete, tagged
from gatehouse.core.streaming import Body, Opening, pieces
from gatehouse.core.tokens import SESSION
from gatehouse.core.views import (
    Plan,
    Reply,
    There,
    body,
    plan_of,
    publishes,
    query,
    raises,
    ready,
    recorded,
    returns,
    streams,
    with_tag,
)
from gatehouse.core.words import load

__all__ = [
    "API_ROOT",
    "JSON",
    "Api",
    "There",
    "body",
    "publishes",
    "query",
    "raises",
    "ready",
    "recorded",
    "refusal",
    "returns",
    "streams",
    "with_tag",
]

API_ROOT = "/api/v1"
JSON = "application/json"
BEARER = "bearer"
SCHEMES = (BEARER, "dpop")  # small: a scheme may be written in either case (RFC 9110 11.1)
READING = ("GET", "HEAD")
NOTHING = Schema()
NOBODY = access.Recognised(ANONYMOUS)
ANSWER_LIFE = 60  # seconds that a ready answer may be remembered, if nothing voids it before

View = TypeVar("View", bound=Callable[..., Any])


class Api(Blueprint):  # type: ignore[misc]
    """The routes of a domain. Views take a Context and return plain objects.

    A flask-smorest blueprint, so that the OpenAPI document is made of the same decorators.
    """

    def __init__(self, name: str, *, at: str = "", root: str = API_ROOT, about: str = "") -> None:
        super().__init__(name, __name__, url_prefix=root + at or None, description=about)
        self.public_endpoints: set[str] = set()
        self.paths: set[str] = set()

    def get(self, path: str = "") -> Callable[[View], View]:
        return self._mount("GET", path)

    def post(self, path: str = "") -> Callable[[View], View]:
        return self._mount("POST", path)

    def put(self, path: str = "") -> Callable[[View], View]:
        return self._mount("PUT", path)

    def patch(self, path: str = "") -> Callable[[View], View]:
        return self._mount("PATCH", path)

    def delete(self, path: str = "") -> Callable[[View], View]:
        return self._mount("DELETE", path)

    def _mount(self, method: str, path: str) -> Callable[[View], View]:
        def mount(view: View) -> View:
            serve = _serve(view)
            whole = f"{self.url_prefix or ''}{path}"
            describe(serve, view, method=method, path=whole)
            self.paths.add(whole)
            self.add_url_rule(path, view.__name__, serve, methods=[method])
            if access.access_of(view).is_public:
                self.public_endpoints.add(f"{self.name}.{view.__name__}")
            return view

        return mount


def _serve(view: Callable[..., Any]) -> Callable[..., Response]:
    plan = plan_of(view)

    def serve(**path: Any) -> Response:
        environ = request.environ
        runtime: Runtime = environ["gatehouse.runtime"]
        environ["gatehouse.route"] = request.url_rule.rule if request.url_rule else None
        environ["gatehouse.refuse"] = refusal
        request_id = environ["gatehouse.request_id"]
        limit_the_address(plan.limit, runtime, environ)
        # All of the body, before anything is looked up: whoever holds it back gains no time.
        raw = read_body(runtime, environ) if _brings_body(plan, environ) else b""
        known = _admit(plan, runtime, environ)
        if known.answer is not None:
            content = envelope.success(request_id, data=envelope.ready(known.answer))
            return complete(HTTPStatus.OK, content, JSON)
        call = Call(environ, known.actor, path, raw)
        if plan.streams:
            return _streamed(plan, runtime, call)
        status, data, meta = _act(plan, runtime, call)
        if known.version and plan.ready and runtime.cache:
            owner = str(known.actor.user_id)
            kept = envelope.encode(data)
            runtime.cache.fill_answer(plan.ready, owner, known.version, kept, ANSWER_LIFE)
        if isinstance(data, Published):
            return data.answer(environ)
        if plan.returns.is_bare:
            return complete(status, envelope.encode(data), JSON)
        content = envelope.success(request_id, status=status, data=data, meta=meta)
        answer = complete(status, content, JSON)
        return tagged(answer, envelope.encode(data), environ) if plan.is_tagged else answer

    serve.__name__ = view.__name__
    serve.__doc__ = view.__doc__
    return serve


def limit_the_address(
    limit: tuple[str, str] | None, runtime: Runtime, environ: dict[str, Any]
) -> None:
    """Count the caller's address, before anything else is done. Raises TooManyRequests."""
    if limit and limit[1] == "address":
        count_call(runtime, environ, limit[0], network_of(environ["gatehouse.client"]))


def _brings_body(plan: Plan, environ: dict[str, Any]) -> bool:
    """Whether there is one to be read: what comes with GET means nothing (RFC 9110 9.3.1)."""
    if plan.body is not None:
        return True
    is_there = environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ
    return environ["REQUEST_METHOD"] not in READING and bool(is_there)


def read_body(runtime: Runtime, environ: dict[str, Any]) -> bytes:
    """All of the body. Raises TooManyRequests or RequestTimeout if it is held back."""
    with runtime.bodies.reading(environ, network_of(environ["gatehouse.client"])):
        return request.get_data(cache=False)


def _admit(plan: Plan, runtime: Runtime, environ: dict[str, Any]) -> access.Recognised:
    """Find out who calls and count it, before any transaction."""
    is_anonymous = plan.access.is_public and "HTTP_AUTHORIZATION" not in environ
    if is_anonymous or not plan.access.knows_callers:
        return NOBODY
    known = recognise(runtime, environ, plan.ready)
    if plan.limit and plan.limit[1] == "user":
        count_call(runtime, environ, plan.limit[0], str(known.actor.user_id))
    return known


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read to its end."""

    environ: dict[str, Any]
    actor: Actor
    path: dict[str, Any]
    raw: bytes


def _act(plan: Plan, runtime: Runtime, call: Call) -> Reply:
    """Do what was asked, once if the caller wants what is created once."""
    creates = plan.returns.status is HTTPStatus.CREATED
    once = idempotency.asked_for(call.environ, call.actor.user_id, call.raw) if creates else None
    if once is None:
        return _do(plan, runtime, call)
    with idempotency.alone(runtime, once) as stored:
        reply = _do(plan, runtime, call, once, stored)
    if stored is not None:
        call.environ["gatehouse.headers"].append(idempotency.REPLAYED)
    return reply


def _do(
    plan: Plan,
    runtime: Runtime,
    call: Call,
    once: idempotency.Once | None = None,
    stored: Reply | None = None,
    *,
    opening: Opening | None = None,
) -> Reply:
    """Do it in one unit of work. When this returns, it is committed.

    An answer that is ``stored`` is given to those who may still do what it is the answer to.
    """
    ids = {name: as_uuid(name, value) for name, value in call.path.items()}
    is_reading = call.environ["REQUEST_METHOD"] in READING
    reads_only = is_reading and not (plan.is_recorded or plan.streams)
    with (
        unit_of_work(runtime, origin_of(call.environ), call.actor, reads_only=reads_only) as ctx,
        refusals_on_record(ctx, ids.get("org_id")),
    ):
        plan.access.check(ctx, ids)
        if plan.is_elevated:
            access.refuse_stale(ctx)
        if stored is not None:
            return plan.again(ctx, stored)
        reply = plan.returns.shape(plan.view(ctx, **ids, **_sent(plan, ctx, call.raw)))
        if opening is not None:
            opening.begin(ctx, reply[1])
        if once is not None:
            idempotency.keep(ctx, once, reply)
        return reply


def _streamed(plan: Plan, runtime: Runtime, call: Call) -> Response:
    """Do what was asked, commit it, and only then begin to send the body.

    What has one piece is sent like any other answer: where a server takes that off our hands
    (granian), a reader who stalls then holds no thread.
    """
    owners = (call.actor.user_id, call.path.get("org_id"))
    named = frozenset(str(each).lower() for each in owners if each)
    opening = Opening(runtime.streams, named, call.environ.get("gunicorn.socket"))
    try:
        status, stream, _ = _do(plan, runtime, call, opening=opening)
    except BaseException:
        opening.give_up()
        raise
    line, headers = STATUS_LINES[status], stream.headers()
    if opening.mark is None and opening.connection is None:
        length = ("Content-Length", str(len(opening.piece)))
        return Answer([opening.piece], line, [*headers, length])
    parts = pieces(stream, opening, runtime, origin_of(call.environ), call.actor)
    return Response(Body(parts, opening), line, headers, direct_passthrough=True)


@contextmanager
def refusals_on_record(ctx: Context, org_id: UUID | None) -> Iterator[None]:
    """Keep that a known caller was refused, unless the refusal is on record in other words."""
    try:
        yield
    except Forbidden as refused:
        if ctx.actor.user_id is not None and not ctx.attempts:
            route = request.url_rule.rule if request.url_rule else ""
            event = access.AccessRefused(org_id=org_id, reason=refused.type, route=route)
            ctx.attempts.append(event)
        raise


def count_call(runtime: Runtime, environ: dict[str, Any], rules: str, who: str) -> None:
    """Count a call against a limit that is exact over all workers, and refuse past it."""
    if not runtime.settings.ratelimit_enabled:
        return
    parsed = rate_limit.parse(runtime.settings.ratelimits.get(rules, rules))
    # A named limit is one count, whichever of its doors is used: the page or the route.
    door = "" if rules in runtime.settings.ratelimits else environ["gatehouse.route"]
    name = f"{rules}:{door}:{who}"[:150]
    tally = rate_limit.count(runtime.store, name, parsed, clock().timestamp())
    tell(environ, tally)


def recognise(runtime: Runtime, environ: dict[str, Any], answer: str = "") -> access.Recognised:
    """Who calls, by the token of a session or by an access token for the API. Raises AuthRequired,
    InvalidAuthFormat or InvalidToken.
    """
    header = environ.get("HTTP_AUTHORIZATION")
    if not header:
        raise AuthRequired
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in SCHEMES or not token or not token.isascii() or " " in token:
        raise InvalidAuthFormat
    known: access.Recognised | None = None
    if not token.startswith(SESSION):
        known = _by_access_token(runtime, environ, scheme, token)
    elif scheme.lower() == BEARER:
        known = runtime.ports[access.Authenticator](runtime, token, clock(), answer=answer)
    if known is None:
        raise InvalidToken
    environ["gatehouse.user"] = str(known.actor.user_id)
    if known.tally:
        tell(environ, known.tally)
    return known


def _by_access_token(
    runtime: Runtime, environ: dict[str, Any], scheme: str, token: str
) -> access.Recognised:
    """Whoever an application calls for, counted as the person that they are."""
    with unit_of_work(runtime, origin_of(environ), reads_only=True) as ctx:
        actor = runtime.ports[access.TokenAuthenticator](ctx, environ, scheme, token)
    now = ctx.now
    if not runtime.settings.ratelimit_enabled:
        return access.Recognised(actor)
    rules, who = rate_limit.parse(runtime.settings.ratelimits["api"]), str(actor.user_id)
    if runtime.link is None:
        counted = runtime.counter.count(who, rules, now.timestamp())
    else:
        counted = rate_limit.count(runtime.store, f"api:{who}", rules, now.timestamp())
    return access.Recognised(actor, counted)


def own_token() -> str:
    """The token with which the request that is being served was let in."""
    return str(request.environ["HTTP_AUTHORIZATION"]).partition(" ")[2]


def shown_token() -> str:
    """What a caller of a public route shows as ``Bearer``, whatever it is; nothing if nothing."""
    scheme, _, token = str(request.environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return token if scheme.lower() == BEARER else ""


def tell(environ: dict[str, Any], tally: rate_limit.Tally) -> None:
    """Let the caller know where they stand. Raises TooManyRequests if that is past the limit."""
    said = tally.headers()
    names = {name for name, _ in said}
    headers = environ["gatehouse.headers"]
    headers[:] = [each for each in headers if each[0] not in names] + said
    tally.refuse_if_over()


def clock() -> datetime:
    return datetime.now(UTC)


def origin_of(environ: dict[str, Any]) -> Origin:
    agent = environ.get("HTTP_USER_AGENT")
    if agent and not agent.isprintable():
        agent = "".join(c for c in agent if c.isprintable())
    client = environ["gatehouse.client"]
    return Origin(environ["gatehouse.request_id"], client, agent[:255] if agent else None)


def _sent(plan: Plan, ctx: Context, raw: bytes) -> dict[str, Any]:
    """What the caller sent, as keyword arguments of the view."""
    sent: dict[str, Any] = {}
    if plan.query is not None:
        sent |= load(plan.query, request.args)
    if plan.body is None and raw:
        load(NOTHING, _json(raw))
    elif plan.body is not None:
        also = partial(plan.also, ctx) if plan.also else None
        shown = plan.returns.names if plan.body.partial else ()
        sent |= load(plan.body, _json(raw), also, shown)
    return sent


def _json(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object; no body at all is an empty one."""
    kind = request.mimetype
    is_json = kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))
    if raw and not is_json:
        raise UnsupportedMediaType
    return read_object(raw)


def refusal(error: GatehouseError) -> Response:
    """Any error of ours, in the envelope."""
    request.environ["gatehouse.refused"] = error.type
    content = envelope.refusal(
        request.environ["gatehouse.request_id"],
        status=error.status,
        error_type=error.type,
        message=str(error),
        details=error.details,
    )
    return Response(content, error.status.value, error.headers, content_type=JSON)
