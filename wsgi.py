"""The WSGI application for granian, gunicorn and ``flask run``: ``wsgi:app``."""

from gatehouse.app import create_app

app = create_app()

if __name__ == "__main__":
    settings = app.extensions["gatehouse"].settings
    app.run(host=settings.host, port=settings.port, threaded=True)
