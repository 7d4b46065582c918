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


def tagged(answer: Response, told: bytes, environ: dict[str, Any]) -> Response:
    """The answer with a tag of what it tells; whoever has that, by its tag, is told so in place of
    it (RFC 9110 13.1.2).
    """
    tag = sha256(told).hexdigest()[:32]
    # Weakly: a proxy that packs an answer makes the tag of ours a weak one.
    if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(tag):
        answer = Answer([], STATUS_LINES[HTTPStatus.NOT_MODIFIED])
        del answer.headers["Content-Type"]
    answer.headers["ETag"] = f'"{tag}"'
    return answer


@dataclass(frozen=True, slots=True)
class Published:
    """What a view with ``@publishes`` returns: nothing secret, and the same for everybody.

    Whoever has it already need not get it again. It may be kept for ``max_age`` seconds.
    ``headers`` are sent beside.
    """

    body: bytes
    kind: str
    max_age: int
    headers: tuple[tuple[str, str], ...] = ()

    def answer(self, environ: dict[str, Any]) -> Response:
        answer = complete(HTTPStatus.OK, self.body, self.kind)
        told = tagged(answer, self.body, environ)
        told.headers.extend(
            [
                ("Cache-Control", f"public, max-age={self.max_age}"),
                ("Access-Control-Allow-Origin", "*"),
                ("Cross-Origin-Resource-Policy", "cross-origin"),
                *self.headers,
            ]
        )
        return told
