"""The same request twice: through the fast lane, and past it."""

from typing import Any

from flask import Flask

VARYING = {"X-Request-ID", "Date"}


class BothWays:
    """Sends requests to an app by both ways. ``taken`` counts those that the lane has answered."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.taken = 0

    def __call__(self, method: str, path: str, **options: Any) -> tuple[Any, Any]:
        edge: Any = self._app.wsgi_app
        lane = edge._lane  # noqa: SLF001

        def noted(environ: Any) -> Any:
            answered = lane(environ)
            self.taken += answered is not None
            return answered

        client = self._app.test_client()
        found = []
        try:
            for edge._lane in (noted, None):  # noqa: SLF001
                found.append(client.open(path, method=method, **options))
        finally:
            edge._lane = lane  # noqa: SLF001
        fast, usual = found
        return fast, usual


def seen(answer: Any) -> Any:
    """What the caller sees of it, but for what differs from answer to answer."""
    headers = {name: told for name, told in answer.headers.items() if name not in VARYING}
    return answer.status, sorted(headers.items()), answer.data
