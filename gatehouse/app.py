"""The application factory: reads settings, wires ports, mounts domains."""

from typing import Any

from flask import Flask, Request
from flask.sessions import SessionInterface
from werkzeug.routing import MapAdapter, Rule
from werkzeug.wrappers import Response

from gatehouse.core import api_docs, assets, logging, refusals
from gatehouse.core.headers import MOST_BYTES, Edge
from gatehouse.core.identifiers import AnySegment
from gatehouse.core.lane import Lane
from gatehouse.core.migrations import LazyMigrate, database_commands
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import Settings, read_settings
from gatehouse.registry import domains
from gatehouse.scheduler.cli import job_command


def create_app(settings: Settings | None = None, **replaced: object) -> Flask:
    """Build the app. ``replaced`` swaps a port by its class name, for tests.

    Raises SettingsRefused with every setting that is wrong.
    """
    settings = settings or read_settings()
    logging.install(settings)
    mounted = domains()
    runtime = Runtime.build(settings, mounted, replaced)
    app = Gatehouse("gatehouse", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.session_interface = NoSession()
    app.extensions |= {"gatehouse": runtime, "migrate": LazyMigrate()}
    app.url_map.converters["uuid"] = AnySegment
    app.url_map.merge_slashes = False
    apis: tuple[Any, ...] = tuple(api for domain in mounted for api in domain.apis)
    refusals.install(app, apis)
    app.extensions["gatehouse_apis"] = apis
    api_docs.install(app, apis)
    assets.install(app, tuple(pages for domain in mounted for pages in domain.pages))
    endpoints = tuple(one for domain in mounted for one in domain.endpoints)
    for blueprint in (*apis, *endpoints):
        app.register_blueprint(blueprint)
    app.cli.add_command(database_commands)
    for domain in mounted:
        for command in domain.commands:
            app.cli.add_command(command)
    for job in runtime.jobs.values():
        app.cli.add_command(job_command(job))
    lane = Lane((view for domain in mounted for view in domain.lane), runtime)
    app.wsgi_app = Edge(app.wsgi_app, runtime, lane.answer)  # type: ignore[method-assign]
    return app


class Route(Rule):
    """A route that takes HEAD where it takes GET, unless it says otherwise."""

    def __init__(self, *given: Any, takes_head: bool = True, **options: Any) -> None:
        super().__init__(*given, **options)
        if self.methods and not takes_head:
            self.methods.discard("HEAD")


class Gatehouse(Flask):
    """Routes by path alone: no request pays for taking its Host header apart, and none can use it
    to lead us astray. Where this service is, is a setting.
    """

    url_rule_class = Route

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        return MapAdapter(
            self.url_map,
            server_name="localhost",
            script_name=environ.get("SCRIPT_NAME") or "/",
            subdomain="",
            url_scheme=environ["wsgi.url_scheme"],
            path_info=request.path,
            default_method=environ["REQUEST_METHOD"],
            query_args=environ.get("QUERY_STRING", ""),
        )


class NoSession(SessionInterface):
    """Flask's cookie session is not used, so no request pays for it."""

    def open_session(self, app: Flask, request: Request) -> Any:
        del app, request

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        del app, session, response
