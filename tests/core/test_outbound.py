"""Calling the world: only what is public or allowed, within bounds (threat 197, BCP-21)."""

import socket
import tracemalloc
from time import monotonic, sleep

import pytest

from gatehouse.core import wire
from gatehouse.core.addresses import Limits
from gatehouse.core.outbound import (
    AddressRefused,
    NoPublicAddress,
    NotReached,
    Outbound,
)
from gatehouse.core.resolving import ask_the_system
from gatehouse.core.settings import SettingsRefused, read_settings
from tests.peers import answer, drip, flood, peer
from tests.sink import certificate

pytestmark = pytest.mark.integration

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Odd: Yes\r\n\r\nhello"
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
LOOPBACK = Outbound(("127.0.0.0/8",))
QUICK = Limits(connect=0.5, read=0.5, total=1.0, body=100_000)
BOTH = ("http", "https")


def get(port: int, *, outbound: Outbound = LOOPBACK, limits: Limits = QUICK, path: str = "/"):
    url = f"http://127.0.0.1:{port}{path}"
    return outbound.send("GET", url, schemes=BOTH, limits=limits)


def test_an_allowed_address_is_called_and_its_answer_read():
    with peer(answer(HELLO)) as server:
        reply = LOOPBACK.send(
            "POST",
            f"http://127.0.0.1:{server.port}/in?a=1",
            headers={"X-Mine": "1"},
            content=b"{}",
            schemes=BOTH,
        )

    assert (reply.status, reply.body, reply.headers["x-odd"]) == (200, b"hello", "Yes")
    (asked,) = server.asked
    assert asked.startswith(b"POST /in?a=1 HTTP/1.1\r\n")
    assert b"X-Mine: 1\r\n" in asked
    assert b"Content-Length: 2\r\n" in asked


def test_nothing_inner_is_called_unless_it_is_allowed():
    with peer(answer(HELLO)) as server:
        for outbound in (Outbound(), Outbound(("10.0.0.0/8",)), Outbound(("wiki",))):
            with pytest.raises(NoPublicAddress):
                get(server.port, outbound=outbound)

    assert server.asked == []


def test_one_inner_address_among_public_ones_refuses_the_name():
    def mixed(_host: str, _port: int) -> list[str]:
        return ["1.1.1.1", "127.0.0.1"]

    with peer(answer(HELLO)) as server, pytest.raises(NoPublicAddress):
        Outbound(resolve=mixed).send("GET", f"https://hooks.example.test:{server.port}/")

    assert server.asked == []


def test_a_name_that_changes_its_address_is_asked_for_once():
    """DNS rebinding: what was checked is what is connected to."""
    asked = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    outbound = Outbound(("127.0.0.1",), resolve=rebinding)
    with peer(answer(HELLO)) as server:
        url = f"http://changes.example.test:{server.port}/"
        assert outbound.send("GET", url, schemes=BOTH).status == 200
        with pytest.raises(NoPublicAddress):
            outbound.send("GET", url, schemes=BOTH)

    assert asked == ["changes.example.test"] * 2
    assert b"Host: changes.example.test" in server.asked[0]


def test_names_that_do_not_exist_and_names_of_inner_hosts_are_answered_alike():
    def missing(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    told = set()
    for resolve in (missing, lambda *_: ["10.0.0.1"], lambda *_: []):
        with pytest.raises(NotReached) as refused:
            Outbound(resolve=resolve).send("GET", "https://db.internal/")
        told.add((type(refused.value), str(refused.value), str(refused.value.details)))

    assert len(told) == 1


def test_a_resolver_that_does_not_answer_holds_nobody():
    started = monotonic()
    with pytest.raises(NoPublicAddress):
        Outbound(resolve=lambda *_: sleep(2) or []).send(
            "GET", "https://slow.example.test/", limits=Limits(total=0.3)
        )

    assert monotonic() - started < 1


def test_a_redirect_is_an_answer_and_nobody_follows_it():
    with peer(answer(HELLO)) as inner:
        location = f"http://127.0.0.1:{inner.port}/secret".encode()
        moved = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
        with peer(answer(moved)) as server:
            reply = get(server.port)

    assert reply.status == 302
    assert inner.asked == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_no_proxy_of_the_environment_is_used(monkeypatch, name):
    with peer(answer(HELLO)) as proxy, peer(answer(HELLO)) as server:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
        assert get(server.port).body == b"hello"

    assert proxy.asked == []


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"",
    ],
    ids=["gigabyte", "endless", "chunked", "continue", "header", "start"],
)
def test_an_answer_without_end_is_given_up(head):
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if b"chunked" in head else b"x" * 65_536
    if b"Continue" in head:
        chunk = head * 1000
    tracemalloc.start()
    try:
        with peer(flood(head, chunk)) as server, pytest.raises(NotReached):
            get(server.port)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 5_000_000


def test_many_headers_are_too_many():
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 900) for n in range(50))
    with peer(answer(head + b"\r\n")) as server, pytest.raises(NotReached, match="headers"):
        get(server.port)


@pytest.mark.parametrize("head", [ENDLESS, b"HTTP/1.1 200 OK\r\nX-Slow: ", b""])
def test_an_answer_that_drips_is_given_up_in_time(head):
    started = monotonic()
    with peer(drip(head, 0.1)) as server, pytest.raises(NotReached, match="too long"):
        get(server.port)

    assert monotonic() - started < 2


def test_a_server_that_says_nothing_is_given_up():
    with peer(lambda _, over: over.wait(3)) as server, pytest.raises(NotReached, match="too long"):
        get(server.port)


def test_what_is_packed_is_not_unpacked():
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz"
    with peer(answer(packed)) as server, pytest.raises(NotReached, match="packed"):
        get(server.port)


@pytest.mark.parametrize("text", [b"SSH-2.0-OpenSSH_9\r\n", b"220 mail ESMTP\r\n", b"-ERR no\r\n"])
def test_what_does_not_speak_http_is_told_without_its_words(text):
    with peer(answer(text)) as server, pytest.raises(NotReached) as refused:
        get(server.port)

    assert str(refused.value) == (
        "The other side did not answer: it broke off, or does not speak HTTP."
    )


def test_a_host_that_is_away_is_told_in_words():
    with peer(answer(HELLO)) as server:
        port = server.port
    with pytest.raises(NotReached, match="no connection"):
        get(port)


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """A certificate for hooks.example.test that this machine trusts."""
    certificates, context = certificate(tmp_path, "hooks.example.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    wire.trusting.cache_clear()
    yield context
    wire.trusting.cache_clear()


@pytest.mark.parametrize(
    ("host", "is_trusted"), [("hooks.example.test", True), ("other.example.test", False)]
)
def test_the_certificate_must_be_the_names(guarded, host, is_trusted):
    """The connection goes to an address, and TLS asks for the name."""
    outbound = Outbound((host,), resolve=lambda *_: ["127.0.0.1"])
    with peer(answer(HELLO), guarded) as server:
        url = f"https://{host}:{server.port}/"
        if is_trusted:
            assert outbound.send("GET", url).body == b"hello"
        else:
            with pytest.raises(NotReached, match="certificate"):
                outbound.send("GET", url)


def test_an_answer_over_tls_is_bounded_too(guarded):
    outbound = Outbound(("hooks.example.test",), resolve=lambda *_: ["127.0.0.1"])
    says = flood(ENDLESS, b"x" * 65_536)
    with peer(says, guarded) as server, pytest.raises(NotReached, match="too large"):
        outbound.send("GET", f"https://hooks.example.test:{server.port}/", limits=QUICK)


@pytest.mark.parametrize("url", ["http://1.1.1.1/", "https://u:p@1.1.1.1/", "https://2130706433/"])
def test_an_address_that_nobody_calls_is_refused_before_anything_is_asked(url):
    def asked(*_: object) -> list[str]:
        raise AssertionError("asked")

    with pytest.raises(AddressRefused):
        Outbound(resolve=asked).send("GET", url)


def test_a_header_cannot_hold_a_line_break():
    with peer(answer(HELLO)) as server, pytest.raises(NotReached):
        LOOPBACK.send(
            "GET",
            f"http://127.0.0.1:{server.port}/",
            headers={"X-Y": "1\r\nX-Z: 2"},
            schemes=BOTH,
        )

    assert b"X-Z" not in b"".join(server.asked)


def test_the_system_is_asked_for_names():
    assert "127.0.0.1" in ask_the_system("localhost", 80)
    with pytest.raises(OSError, match=r"."):
        ask_the_system("a" * 64 + ".example.test", 80)


def test_the_setting_is_read_and_refused_if_it_is_neither():
    settings = read_settings({"FLASK_ENV": "testing", "OUTBOUND_ALLOW": "wiki, 10.0.0.0/8"})
    assert settings.outbound_allow == ("wiki", "10.0.0.0/8")
    assert Outbound.of(settings)
    with pytest.raises(SettingsRefused, match="OUTBOUND_ALLOW"):
        read_settings({"FLASK_ENV": "testing", "OUTBOUND_ALLOW": "10.0.0.1/8"})
