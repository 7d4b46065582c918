"""Answers that are complete as they are; and what is published as text or bytes for anybody."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.http import parse_etags

Environ = dict[str, Any]
Headers = list[tuple[str, str]]

STATUS_LINES = {status.value: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}
TAG_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that is complete as it is."""

    status: int
    headers: Headers
    body: bytes


class Complete(Response):
    """The same for Flask: werkzeug need not look for what it could still add."""

    def __init__(self, answered: Answered) -> None:
        super().__init__([answered.body], STATUS_LINES[answered.status], answered.headers)
        if all(name != "Content-Type" for name, _ in answered.headers):
            self.headers.remove("Content-Type")  # Flask would say that nothing is HTML.

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response(self._status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response


def complete(status: HTTPStatus, content: bytes, kind: str) -> Answered:
    """The answer that consists of this."""
    headers = [("Content-Type", kind), ("Content-Length", str(len(content)))]
    return Answered(status.value, headers, content)


def tag_of(told: bytes) -> str:
    return sha256(told).hexdigest()[:TAG_LENGTH]


def tagged(answer: Answered, tag: str, environ: Environ) -> Answered:
    """The answer with its tag, or to whoever has it already just that (RFC 9110 13.1.2)."""
    # Weakly: a proxy that packs an answer makes the tag of ours a weak one.
    if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(tag):
        return Answered(HTTPStatus.NOT_MODIFIED.value, [("ETag", f'"{tag}"')], b"")
    return replace(answer, headers=[*answer.headers, ("ETag", f'"{tag}"')])


@dataclass(frozen=True, slots=True)
class Published:
    """What a view with ``@publishes`` returns: nothing secret, and the same for everybody.

    Whoever has it already need not get it again. It may be kept for ``max_age`` seconds.
    ``headers`` are sent beside. Its ``tag`` is made of its body if none is given.
    """

    body: bytes
    kind: str
    max_age: int
    headers: tuple[tuple[str, str], ...] = ()
    tag: str = ""

    def answer(self, environ: Environ) -> Answered:
        answer = complete(HTTPStatus.OK, self.body, self.kind)
        told = tagged(answer, self.tag or tag_of(self.body), environ)
        shared = [
            ("Cache-Control", f"public, max-age={self.max_age}"),
            ("Access-Control-Allow-Origin", "*"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ]
        return replace(told, headers=[*told.headers, *shared, *self.headers])


@dataclass(frozen=True, slots=True)
class Versioned:
    """The same for what is known by the tag of its version, and large: ``whole`` reads it for those
    who have another version, or none. ``known`` is all of it but the body.
    """

    known: Published
    whole: Callable[[], Published]

    def answer(self, environ: Environ) -> Answered:
        told = self.known.answer(environ)
        is_there = told.status == HTTPStatus.NOT_MODIFIED.value
        return told if is_there else self.whole().answer(environ)
