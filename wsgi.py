"""The WSGI application for granian, gunicorn and ``flask run``: ``wsgi:app``."""

from gatehouse.app import create_app
from gatehouse.scheduler.service import start_in_background

app = create_app()
runtime = app.extensions["gatehouse"]
if runtime.settings.run_jobs_while_serving:
    start_in_background(runtime)

if __name__ == "__main__":
    app.run(host=runtime.settings.host, port=runtime.settings.port, threaded=True)
