"""A server that plays what the real one does seldom: whatever the test says, at each path."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from tests.processes import free_port
from tests.serving import served

Play = Callable[[dict[str, str]], tuple[str, Any]]
WELL_KNOWN = "/.well-known/openid-configuration"
OK, BAD, MISSING = "200 OK", "400 Bad Request", "404 Not Found"


class Stage:
    """``plays[path](form)`` gives status and content; what is text is sent as it is. The form has
    ``authorization``, the whole ``body`` and ``query``, and the last ``word`` of the path, too. A
    path that ends with a slash plays whatever is right below it. Its clock is ``ahead`` by so many
    seconds.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.ahead = 0.0
        self.plays: dict[str, Play] = {WELL_KNOWN: lambda _form: (OK, self.metadata)}
        self.plays["/api/v1/auth/me"] = lambda _form: (OK, enveloped(ME))
        self._lock = Lock()

    @property
    def metadata(self) -> dict[str, Any]:
        names = ("authorization", "token", "revocation", "device_authorization")
        found = {f"{name}_endpoint": f"{self.url}/{name}" for name in names}
        return {"issuer": self.url, **found}

    def count(self, path: str) -> int:
        return sum(called == path for called, _form in self.calls)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        token = environ.get("HTTP_AUTHORIZATION", "")
        with self._lock:
            self.calls.append((path, form))
        above, _, word = path.rpartition("/")
        known = self.plays.get(path) or self.plays.get(f"{above}/")
        given = {**form, "authorization": token, "body": body, "word": word}
        given["query"] = environ["QUERY_STRING"]
        status, content = known(given) if known else (MISSING, refusal("NOT_FOUND", "?"))
        is_whole = isinstance(content, str | bytes)
        text = content if is_whole else json.dumps(content)
        kind = "text/html" if is_whole else "application/json"
        start_response(status, [("Content-Type", kind), ("Location", "http://127.0.0.1:1/")])
        return iter([text if isinstance(text, bytes) else text.encode()])


ME = {"user": {"email": "kim@example.com", "full_name": "Kim"}, "organizations": []}


def enveloped(data: Any) -> dict[str, Any]:
    return {"version": "1.0", "success": True, "code": 200, "message": "OK", "data": data}


def refusal(error_type: str, message: str) -> dict[str, Any]:
    error = {"type": error_type, "details": {}}
    return {"version": "1.0", "success": False, "message": message, "error": error}


@contextmanager
def staged() -> Iterator[Stage]:
    port = free_port()
    stage = Stage(f"http://localhost:{port}")
    with served(stage, port):
        yield stage
