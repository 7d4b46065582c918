"""Answers that are complete as they are; and what is published as text or bytes for anybody."""

from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.http import parse_etags

STATUS_LINES = {status: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}


class Answer(Response):
    """An answer that is complete as it is: werkzeug need not look for what it could still add."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response(self._status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response


def complete(status: HTTPStatus, content: bytes, kind: str) -> Response:
    """The answer that consists of this."""
    headers = [("Content-Type", kind), ("Content-Length", str(len(content)))]
    return Answer([content], STATUS_LINES[status], headers)


@dataclass(frozen=True, slots=True)
class Published:
    """What a view with ``@publishes`` returns: nothing secret, and the same for everybody.

    Whoever has it already, by its tag, is told so in place of it (RFC 9110 13.1.2). It may be kept
    for ``max_age`` seconds. ``headers`` are sent beside.
    """

    body: bytes
    kind: str
    max_age: int
    headers: tuple[tuple[str, str], ...] = ()

    def answer(self, environ: dict[str, Any]) -> Response:
        tag = sha256(self.body).hexdigest()[:32]
        headers = [
            ("Cache-Control", f"public, max-age={self.max_age}"),
            ("ETag", f'"{tag}"'),
            ("Access-Control-Allow-Origin", "*"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            *self.headers,
        ]
        # Weakly: a proxy that packs an answer makes the tag of ours a weak one.
        if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(tag):
            return Answer([], STATUS_LINES[HTTPStatus.NOT_MODIFIED], headers)
        headers += [("Content-Type", self.kind), ("Content-Length", str(len(self.body)))]
        return Answer([self.body], STATUS_LINES[HTTPStatus.OK], headers)
