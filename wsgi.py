"""The WSGI application: ``granian --interface wsgi wsgi:app``, ``gunicorn wsgi:app``, ``flask run``."""

from gatehouse.app import create_app

app = create_app()

if __name__ == "__main__":
    settings = app.extensions["gatehouse"].settings
    app.run(host=settings.host, port=settings.port, threaded=True)
