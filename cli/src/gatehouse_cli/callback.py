"""The loopback address at which a browser hands over the answer of a sign-in (RFC 8252 7.3)."""

import hmac
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from socketserver import TCPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gatehouse_cli.failures import Failure

HOST, PATH = "127.0.0.1", "/callback"
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.5 system-ui, sans-serif;
  max-width: 34rem; margin: auto; padding: 4rem 1rem }}
</style>
<h1>{title}</h1>
<p>{text}</p>
</html>
"""
LATE = "Nobody came back from the browser in time. Try again: gatehouse login"
Answer = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the browser shall be led, and what it brought."""

    redirect_uri: str
    answers: "SimpleQueue[Answer]"

    def wait(self, seconds: float) -> Answer:
        """Raises Failure if nobody comes."""
        try:
            return self.answers.get(timeout=seconds)
        except Empty:
            raise Failure(LATE) from None


@contextmanager
def listening(state: str) -> Iterator[Callback]:
    """Listen on a free port for the answer that has our ``state``; all else is nobody's."""
    answers: SimpleQueue[Answer] = SimpleQueue()
    handler = type("Handler", (_Handler,), {"state": state, "answers": answers})
    with _Server((HOST, 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield Callback(f"http://{HOST}:{server.server_port}{PATH}", answers)
        finally:
            server.shutdown()


@contextmanager
def nobody_listening() -> Iterator[str]:
    """A redirect URI at a port that is kept free, for somebody who pastes what it is led to."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield f"http://{HOST}:{held.getsockname()[1]}{PATH}"


def answer_in(url: str, state: str) -> Answer | None:
    """What an address brings if it is the answer to our request; a name twice is not."""
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return None
    found = dict(pairs)
    is_ours = hmac.compare_digest(found.get("state", "").encode(), state.encode())
    has_one = ("code" in found) != ("error" in found)
    return found if is_ours and has_one and len(found) == len(pairs) else None


class _Server(ThreadingHTTPServer):
    """Many connections at once: a browser opens some that it does not use."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Without asking a DNS what 127.0.0.1 is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def handle_error(self, *_about: Any) -> None:
        """Whoever hangs up early has hung up."""


class _Handler(BaseHTTPRequestHandler):
    """Takes one request of a browser, and is not kept busy by whoever sends none."""

    state: str
    answers: "SimpleQueue[Answer]"
    timeout = 10
    server_version, sys_version = "gatehouse", ""

    def do_GET(self) -> None:
        here = f"{HOST}:{self.connection.getsockname()[1]}"
        if self.headers.get("Host") != here or self.path.partition("?")[0] != PATH:
            self._show(HTTPStatus.NOT_FOUND, "Nothing here", "There is no such page.")
            return
        answer = answer_in(self.path, self.state)
        if answer is None:
            said = "This does not answer the sign-in that waits in the terminal."
            self._show(HTTPStatus.BAD_REQUEST, "Not the right answer", said)
            return
        try:
            self._show(HTTPStatus.OK, *_words(answer))
        finally:
            self.answers.put(answer)

    def log_message(self, *_about: Any) -> None:
        """Say nothing: the path has a code in it."""

    def _show(self, status: HTTPStatus, title: str, text: str) -> None:
        content = PAGE.format(title=escape(title), text=escape(text)).encode()
        self.send_response(status)
        for name, value in (*HEADERS.items(), ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _words(answer: Answer) -> tuple[str, str]:
    where = f"the terminal on {socket.gethostname()}"
    if "error" in answer:
        return "Not signed in", f"Look at {where}: it says why. You can close this window."
    return "Nearly done", f"Go back to {where}. You can close this window."
