"""Settings that ``gunicorn wsgi:app`` picks up by itself when it is started here."""

import gc
from typing import Any

from gunicorn.glogging import Logger

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


class logger_class(Logger):  # noqa: N801 - the name is gunicorn's
    """Gives its lines the form of ours. With ``logconfig_dict`` it would log each request, too."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logging.Lines(as_json=settings.log_format == "json"))


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
