"""Keys that clients publish: fetched seldom and within bounds. JWTA-11, threats 62 and 66."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic
from typing import Any

import orjson
import pytest
from flask import Flask

from gatehouse.clients.adapters import FRESH, LIMITS, REST, STALE, FetchedKeys
from gatehouse.clients.errors import KeysBusy
from gatehouse.core.outbound import Outbound
from tests.proving import Signer, asserted
from tests.relying import Rp, make_client

pytestmark = pytest.mark.integration

BOTH = ("http", "https")


class Published:
    """A server of a client's: it says what the test wants, and counts who asks."""

    def __init__(self) -> None:
        self.status, self.body, self.asked = 200, b"", 0
        self.before: Callable[[], object] = lambda: None
        published = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                published.asked += 1
                published.before()
                with suppress(OSError):
                    self.send_response(published.status)
                    self.send_header("Content-Length", str(len(published.body)))
                    if published.status == 302:
                        self.send_header("Location", published.url)
                    self.end_headers()
                    self.wfile.write(published.body)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def publish(self, *signers: Signer) -> None:
        self.body = orjson.dumps({"keys": [signer.jwk for signer in signers]})


@contextmanager
def serving() -> Iterator[Published]:
    published = Published()
    try:
        yield published
    finally:
        published.server.shutdown()
        published.server.server_close()


@pytest.fixture
def published() -> Iterator[Published]:
    with serving() as found:
        yield found


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(clock: Clock) -> FetchedKeys:
    return FetchedKeys(Outbound(("127.0.0.0/8",)), schemes=BOTH, clock=clock)


@pytest.fixture(scope="module")
def first() -> Signer:
    return Signer("ES256", "first")


@pytest.fixture(scope="module")
def second() -> Signer:
    return Signer("ES256", "second")


def kids(found: Any) -> list[str]:
    return [key.kid for key in found]


def test_they_are_fetched_once_in_a_while(keys, clock, published, first):
    published.publish(first)
    for _ in range(20):
        assert kids(keys.at(published.url, "first")) == ["first"]
    assert published.asked == 1
    clock.now += FRESH + 1
    keys.at(published.url, "first")
    assert published.asked == 2


def test_an_unknown_kid_is_asked_for_but_not_often(keys, clock, published, first, second):
    """JWTA-11, threat 62: a thousand unknown kids are one question a minute."""
    published.publish(first)
    keys.at(published.url, "first")
    published.publish(first, second)
    assert kids(keys.at(published.url, "second")) == ["first"]
    clock.now += REST
    for number in range(1000):
        keys.at(published.url, f"unknown {number}")
    assert published.asked == 2
    assert kids(keys.at(published.url, "second")) == ["first", "second"]


def test_what_was_known_holds_for_a_day_if_nobody_answers(keys, clock, published, first):
    published.publish(first)
    keys.at(published.url)
    published.status = 500
    clock.now += FRESH + 1
    assert kids(keys.at(published.url)) == ["first"]
    clock.now += STALE
    assert kids(keys.at(published.url)) == []
    published.status = 200
    clock.now += REST
    assert kids(keys.at(published.url)) == ["first"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"keys":[]}'),
        (302, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"keys":7}'),
        (200, b'{"keys":[' + b'{"kty":"EC"},' * 20_000 + b"{}]}"),
        (200, b"[" * 60_000),
    ],
)
def test_what_is_no_set_of_keys_is_none(keys, published, status, body):
    """Threat 62."""
    published.status, published.body = status, body

    assert list(keys.at(published.url)) == []
    assert published.asked == 1


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://169.254.169.254/jwks",
        "http://[::1]/jwks",
        "http://10.0.0.1/jwks",
        "http://user:word@127.0.0.1/jwks",
        "gopher://127.0.0.1/",
        "",
    ],
)
def test_nobody_gets_us_to_call_an_inner_address(keys, url):
    """Threat 62."""
    assert list(keys.at(url)) == []


def test_only_so_many_addresses_are_remembered(clock):
    outbound = Outbound(resolve=lambda *_: [])
    keys = FetchedKeys(outbound, schemes=BOTH, clock=clock)
    for number in range(700):
        clock.now += 1
        keys.at(f"https://h{number}.example.test/")

    assert len(keys._kept) <= 512  # noqa: SLF001 - nobody is told


def test_many_who_ask_at_once_are_one_question(keys, published, first):
    go = Event()
    published.publish(first)
    published.before = lambda: go.wait(3)
    found: list[Any] = []
    asking = [Thread(target=lambda: found.append(kids(keys.at(published.url)))) for _ in range(2)]
    for thread in asking:
        thread.start()
    go.set()
    for thread in asking:
        thread.join()

    assert found == [["first"], ["first"]]
    assert published.asked == 1


def test_a_silent_host_holds_few_and_no_others(keys, published, first):
    """Whoever asks a host that is silent waits; all others go on."""
    published.publish(first)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/jwks"
        refused: list[Exception] = []

        def ask() -> None:
            try:
                keys.at(url)
            except KeysBusy as error:
                refused.append(error)

        asking = [Thread(target=ask) for _ in range(6)]
        started = monotonic()
        for thread in asking:
            thread.start()
        while len(refused) < 4 and monotonic() < started + 2:
            Event().wait(0.01)
        assert len(refused) == 4
        assert kids(keys.at(published.url)) == ["first"]
        assert monotonic() - started < LIMITS.total
        for thread in asking:
            thread.join()
    assert monotonic() - started < LIMITS.total + 2


@pytest.fixture
def calling_app(make_app: Any) -> Flask:
    return make_app(OUTBOUND_ALLOW="127.0.0.0/8", RATELIMIT_CLIENT="100000/minute")


def test_a_client_proves_itself_by_published_keys(calling_app, published, first, second, address):
    """JWTA-11."""
    published.publish(first)
    made = make_client(
        calling_app.extensions["gatehouse"],
        grant_types=["client_credentials"],
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=published.url,
    )
    rp = Rp(calling_app, made, address)

    def ask(signer: Signer) -> int:
        sent = asserted(signer.assertion(rp.client_id), grant_type="client_credentials")
        return rp.http.post("/oidc/token", data=sent).status_code

    assert [ask(first), ask(second), ask(first)] == [200, 401, 200]
    assert published.asked == 1
