"""Answers that are no envelope: text for machines that have a format of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, request

from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.http import Api

if TYPE_CHECKING:
    from gatehouse.core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the bearer token, the true address, and whether a proxy has passed it on."""

    bearer: str
    address: str | None
    is_forwarded: bool


def plain(
    api: Api, path: str, content_type: str
) -> Callable[[Callable[[Context, Caller], str]], Any]:
    """Mount ``view(ctx, caller)`` at the root, outside of the OpenAPI document."""

    def mount(view: Callable[[Context, Caller], str]) -> Any:
        def serve() -> Response:
            environ = request.environ
            runtime: Runtime = environ["gatehouse.runtime"]
            environ["gatehouse.route"] = path
            origin = Origin(environ["gatehouse.request_id"], environ["gatehouse.client"])
            with unit_of_work(runtime, origin, reads_only=True) as ctx:
                content = view(ctx, _caller(environ))
            return Response(content, content_type=content_type)

        name = f"plain_{view.__name__}"
        api.record(lambda state: state.app.add_url_rule(path, name, serve, methods=["GET"]))
        return view

    return mount


def _caller(environ: dict[str, Any]) -> Caller:
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    told = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
    return Caller(
        token if scheme.lower() == "bearer" else "",
        environ["gatehouse.client"],
        any(name in environ for name in told),
    )
