"""HTTP in, HTTP out: the routes of a domain, mounted in Flask."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, request

from gatehouse.core.answering import JSON, Call, Route, act, begin, refusal
from gatehouse.core.callers import BEARER, origin_of
from gatehouse.core.errors import GatehouseError, TooLarge
from gatehouse.core.headers import MOST_BYTES, network_of
from gatehouse.core.published import STATUS_LINES, Answered, Complete
from gatehouse.core.streaming import Body, Opening, pieces
from gatehouse.core.views import (
    Plan,
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
    told_again_if,
    with_tag,
)

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
    "returns",
    "streams",
    "told_again_if",
    "with_tag",
]

API_ROOT = "/api/v1"

View = TypeVar("View", bound=Callable[..., Any])


class Api(Blueprint):
    """The routes of a domain. Views take a Context and return plain objects.

    ``about`` stands in the OpenAPI document, which is made of the same decorators.
    """

    def __init__(self, name: str, *, at: str = "", root: str = API_ROOT, about: str = "") -> None:
        super().__init__(name, __name__)
        self.about = about
        self.routes: list[Route] = []
        self._prefix = root + at

    @property
    def paths(self) -> set[str]:
        return {route.path for route in self.routes}

    @property
    def public_endpoints(self) -> set[str]:
        plans = (route.plan for route in self.routes)
        return {f"{self.name}.{plan.view.__name__}" for plan in plans if plan.access.is_public}

    def get(self, path: str = "") -> Callable[[View], View]:  # type: ignore[override]
        return self._mount("GET", path)

    def post(self, path: str = "") -> Callable[[View], View]:  # type: ignore[override]
        return self._mount("POST", path)

    def put(self, path: str = "") -> Callable[[View], View]:  # type: ignore[override]
        return self._mount("PUT", path)

    def patch(self, path: str = "") -> Callable[[View], View]:  # type: ignore[override]
        return self._mount("PATCH", path)

    def delete(self, path: str = "") -> Callable[[View], View]:  # type: ignore[override]
        return self._mount("DELETE", path)

    def _mount(self, method: str, path: str) -> Callable[[View], View]:
        def mount(view: View) -> View:
            route = Route(plan_of(view), method, f"{self._prefix}{path}")
            view.endpoint = route  # type: ignore[attr-defined]
            self.routes.append(route)
            self.add_url_rule(route.path, view.__name__, _serve(route), methods=[method])
            return view

        return mount


def _serve(route: Route) -> Callable[..., Response]:
    def serve(**names: Any) -> Response:
        environ = request.environ
        environ["gatehouse.route"] = route.path
        environ["gatehouse.refuse"] = as_response
        if route.plan.streams:
            return _streamed(route.plan, begin(route.plan, environ, read_body, names)[1])
        return Complete(route.perform(environ, read_body, names))

    serve.__name__ = route.plan.view.__name__
    serve.__doc__ = route.plan.view.__doc__
    return serve


def as_response(error: GatehouseError) -> Response:
    """Any error of ours, in the envelope, for Flask."""
    return Complete(refusal(error, request.environ))


def read_body() -> bytes:
    """All of the body. Raises TooLarge; TooManyRequests or RequestTimeout if it is held back."""
    environ = request.environ
    bodies = environ["gatehouse.runtime"].bodies
    with bodies.reading(environ, network_of(environ["gatehouse.client"])):
        raw = request.get_data(cache=False)
    # What has no length is read as far as we take it, and no further.
    if len(raw) >= MOST_BYTES and not environ.get("CONTENT_LENGTH"):
        raise TooLarge
    return raw


def own_token() -> str:
    """The token with which the request that is being served was let in."""
    return str(request.environ["HTTP_AUTHORIZATION"]).partition(" ")[2]


def shown_token() -> str:
    """What a caller of a public route shows as ``Bearer``, whatever it is; nothing if nothing."""
    scheme, _, token = str(request.environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return token if scheme.lower() == BEARER else ""


def _streamed(plan: Plan, call: Call) -> Response:
    """Do what was asked, commit it, and only then begin to send the body.

    What has one piece is sent like any other answer: where a server takes that off our hands
    (granian), a reader who stalls then holds no thread.
    """
    owners = (call.actor.user_id, call.path.get("org_id"))
    named = frozenset(str(each).lower() for each in owners if each)
    opening = Opening(call.runtime.streams, named, call.environ.get("gunicorn.socket"))
    try:
        status, stream, _ = act(plan, call, opening=opening)
    except BaseException:
        opening.give_up()
        raise
    headers = stream.headers()
    if opening.mark is None and opening.connection is None:
        length = ("Content-Length", str(len(opening.piece)))
        return Complete(Answered(status.value, [*headers, length], opening.piece))
    parts = pieces(stream, opening, call.runtime, origin_of(call.environ), call.actor)
    line = STATUS_LINES[status.value]
    return Response(Body(parts, opening), line, headers, direct_passthrough=True)
