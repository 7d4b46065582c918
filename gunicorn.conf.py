"""Settings that ``gunicorn wsgi:app`` picks up by itself when it is started here."""

import gc

from gatehouse.core import logging
from gatehouse.core.db import make_engine
from gatehouse.core.schema import say_what_is_missing
from gatehouse.core.settings import SettingsRefused, read_settings
from gatehouse.registry import domains

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
    """Before there are workers: say once what keeps them from serving, and import what they share.

    They start in a fraction of the time then, and replacing them never mixes two versions.
    """
    logging.install(settings)
    say_what_is_missing(settings, make_engine(settings.database_url))
    domains()
    gc.freeze()
