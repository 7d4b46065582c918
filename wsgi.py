"""The WSGI application for granian, gunicorn and ``flask run``: ``wsgi:app``."""

import os
import sys

from gatehouse.app import create_app
from gatehouse.scheduler.service import start_in_background

app = create_app()
runtime = app.extensions["gatehouse"]
# The other commands of ``flask`` find the application here, too, and serve nobody.
is_serving = os.environ.get("FLASK_RUN_FROM_CLI") != "true" or {"run", "serve"} & {*sys.argv[1:]}
if is_serving and runtime.settings.jobs.run_while_serving:
    start_in_background(runtime)

if __name__ == "__main__":
    app.run(host=runtime.settings.host, port=runtime.settings.port, threaded=True)
