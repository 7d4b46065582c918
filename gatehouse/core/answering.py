"""What a route of the API does with a request: who calls, what they sent, the unit of work, the
envelope and the refusals. It needs no Flask.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from marshmallow import Schema
from werkzeug import Request

from gatehouse.core import access, envelope, idempotency
from gatehouse.core.callers import limit_the_address, origin_of, recognise
from gatehouse.core.context import ANONYMOUS, Actor, Context, unit_of_work
from gatehouse.core.errors import Forbidden, GatehouseError, UnsupportedMediaType
from gatehouse.core.identifiers import as_uuid
from gatehouse.core.json_body import read_object
from gatehouse.core.published import (
    Answered,
    Environ,
    Published,
    Versioned,
    complete,
    tag_of,
    tagged,
)
from gatehouse.core.runtime import Runtime
from gatehouse.core.streaming import Opening
from gatehouse.core.views import Plan, Reply
from gatehouse.core.words import load

JSON = "application/json"
READING = ("GET", "HEAD")
NOTHING = Schema()
NOBODY = access.Recognised(ANONYMOUS)
ANSWER_LIFE = 60  # seconds that a ready answer may be remembered, if nothing voids it before


@dataclass(frozen=True, slots=True)
class Route:
    """A view with its place. ``path`` is as Flask has it, with names in angle brackets."""

    plan: Plan
    method: str
    path: str

    @property
    def methods(self) -> tuple[str, ...]:
        return (self.method,)

    def perform(
        self, environ: Environ, read: Callable[[], bytes], names: dict[str, Any]
    ) -> Answered:
        """Do what the route does. ``read`` gives all of the body. Refusals are raised."""
        known, call = begin(self.plan, environ, read, names)
        if known.answer is not None:
            ready = envelope.ready(known.answer)
            content = envelope.success(environ["gatehouse.request_id"], data=ready)
            return complete(HTTPStatus.OK, content, JSON)
        return _answer(self.plan, call, known, _act_once(self.plan, call))

    def refuse(self, error: GatehouseError, environ: Environ) -> Answered:
        return refusal(error, environ)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read to its end."""

    environ: Environ
    actor: Actor
    path: dict[str, Any]
    raw: bytes

    @property
    def runtime(self) -> Runtime:
        found: Runtime = self.environ["gatehouse.runtime"]
        return found


def begin(
    plan: Plan, environ: Environ, read: Callable[[], bytes], names: dict[str, Any]
) -> tuple[access.Recognised, Call]:
    """Count the call, read it, and find out whose it is: before any transaction."""
    runtime: Runtime = environ["gatehouse.runtime"]
    limit_the_address(plan.limit, runtime, environ)
    # All of the body, before anything is looked up: whoever holds it back gains no time.
    raw = read() if _brings_body(plan, environ) else b""
    known = _admit(plan, runtime, environ)
    return known, Call(environ, known.actor, names, raw)


def act(
    plan: Plan,
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
    origin = origin_of(call.environ)
    with (
        unit_of_work(call.runtime, origin, call.actor, reads_only=reads_only) as ctx,
        refusals_on_record(ctx, ids.get("org_id"), call.environ["gatehouse.route"]),
    ):
        ctx.keeps_answer = once is not None
        plan.access.check(ctx, ids)
        if plan.is_elevated:
            access.refuse_stale(ctx)
        if stored is not None:
            return plan.again(ctx, stored)
        reply = plan.returns.shape(plan.view(ctx, **ids, **_sent(plan, ctx, call)))
        if opening is not None:
            opening.begin(ctx, reply[1])
        if once is not None:
            idempotency.keep(ctx, once, reply)
        if isinstance(reply[1], Published | Versioned):
            return reply[0], reply[1].answer(call.environ), None
        return reply


@contextmanager
def refusals_on_record(ctx: Context, org_id: UUID | None, route: str | None) -> Iterator[None]:
    """Keep that a known caller was refused, unless the refusal is on record in other words."""
    try:
        yield
    except Forbidden as refused:
        if ctx.actor.user_id is not None and not ctx.attempts:
            event = access.AccessRefused(org_id=org_id, reason=refused.type, route=route or "")
            ctx.attempts.append(event)
        raise


def refusal(error: GatehouseError, environ: Environ) -> Answered:
    """Any error of ours, in the envelope."""
    environ["gatehouse.refused"] = error.type
    content = envelope.refusal(
        environ["gatehouse.request_id"],
        status=error.status,
        error_type=error.type,
        message=str(error),
        details=error.details,
    )
    told = complete(error.status, content, JSON)
    told.headers.extend(error.headers)
    return told


def _brings_body(plan: Plan, environ: Environ) -> bool:
    """Whether there is one to be read: what comes with GET means nothing (RFC 9110 9.3.1)."""
    if plan.body is not None:
        return True
    is_there = environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ
    may_be = is_there or not environ["SERVER_PROTOCOL"].startswith("HTTP/1")
    return environ["REQUEST_METHOD"] not in READING and bool(may_be)


def _admit(plan: Plan, runtime: Runtime, environ: Environ) -> access.Recognised:
    """Find out who calls and count it, before any transaction."""
    is_anonymous = plan.access.is_public and "HTTP_AUTHORIZATION" not in environ
    if is_anonymous or not plan.access.knows_callers:
        return NOBODY
    rules = plan.limit[0] if plan.limit and plan.limit[1] == "user" else ""
    return recognise(runtime, environ, answer=plan.ready, rules=rules)


def _act_once(plan: Plan, call: Call) -> Reply:
    """Do what was asked, once if the caller wants what is created once."""
    creates = plan.returns.status is HTTPStatus.CREATED
    once = idempotency.asked_for(call.environ, call.actor.user_id, call.raw) if creates else None
    if once is None:
        return act(plan, call)
    with idempotency.alone(call.runtime, once) as stored:
        reply = act(plan, call, once, stored)
    if stored is not None:
        call.environ["gatehouse.headers"].append(idempotency.REPLAYED)
    return reply


def _answer(plan: Plan, call: Call, known: access.Recognised, reply: Reply) -> Answered:
    status, data, meta = reply
    cache = call.runtime.cache
    if known.version and plan.ready and cache:
        kept = envelope.encode(data)
        cache.fill_answer(plan.ready, str(known.actor.user_id), known.version, kept, ANSWER_LIFE)
    if isinstance(data, Answered):
        return data
    if plan.returns.is_bare:
        return complete(status, envelope.encode(data), JSON)
    request_id = call.environ["gatehouse.request_id"]
    content = envelope.success(request_id, status=status, data=data, meta=meta)
    answer = complete(status, content, JSON)
    return tagged(answer, tag_of(envelope.encode(data)), call.environ) if plan.is_tagged else answer


def _sent(plan: Plan, ctx: Context, call: Call) -> dict[str, Any]:
    """What the caller sent, as keyword arguments of the view."""
    sent: dict[str, Any] = {}
    if plan.query is not None:
        sent |= load(plan.query, Request(call.environ).args)
    if plan.body is None and call.raw:
        load(NOTHING, _json(call))
    elif plan.body is not None:
        also = partial(plan.also, ctx) if plan.also else None
        shown = plan.returns.names if plan.body.partial else ()
        sent |= load(plan.body, _json(call), also, shown)
    return sent


def _json(call: Call) -> dict[str, Any]:
    """The body as a JSON object; no body at all is an empty one."""
    kind = call.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    is_json = kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))
    if call.raw and not is_json:
        raise UnsupportedMediaType
    return read_object(call.raw)
