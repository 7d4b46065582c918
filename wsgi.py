"""The WSGI application for granian, gunicorn and ``flask run``: ``wsgi:app``."""

import os
import sys

import click

from gatehouse.app import create_app
from gatehouse.commands import speak_in_words
from gatehouse.core.settings import SettingsRefused
from gatehouse.scheduler.service import start_in_background

is_flask = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
if is_flask:
    speak_in_words()
try:
    app = create_app()
except SettingsRefused as refusal:
    # A server hears of it by the exception; whoever typed a command reads the list.
    if not is_flask and __name__ != "__main__":
        raise
    sys.stderr.write(f"{refusal}\n")
    raise SystemExit(2) from None
runtime = app.extensions["gatehouse"]
# The other commands of ``flask`` find the application here, too, and serve nobody: ``jobs run``,
# for one. A worker that was spawned, not forked, is of no command.
command = click.get_current_context(silent=True)
is_serving = not is_flask or command is None or command.info_name in ("run", "serve")
if is_serving and runtime.settings.jobs.run_while_serving:
    start_in_background(runtime)

if __name__ == "__main__":
    app.run(host=runtime.settings.host, port=runtime.settings.port, threaded=True)
