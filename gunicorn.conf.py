"""Settings that ``gunicorn wsgi:app`` picks up by itself when it is started here."""

from gatehouse.core import logging
from gatehouse.core.db import make_engine
from gatehouse.core.schema import say_what_the_schema_lacks
from gatehouse.core.settings import SettingsRefused, read_settings

try:
    settings = read_settings()
except SettingsRefused as refusal:
    raise SystemExit(str(refusal)) from None

worker_class = "gthread"
threads = settings.server_threads
graceful_timeout = 20
keepalive = 5
# The application writes one line per request, without query strings.
accesslog = None
errorlog = "-"
# Two installations of one user would fight for the control socket.
control_socket_disable = True
# No header of a caller decides where the application begins.
forwarder_headers = ""


def on_starting(_server: object) -> None:
    """Say once, before there are workers, what keeps them from serving."""
    logging.install(settings)
    say_what_the_schema_lacks(make_engine(settings.database_url))
