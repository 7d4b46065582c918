"""The way to the mail server: all that is waited for on it has one end."""

import socket
from contextlib import ExitStack, closing
from threading import Event
from time import monotonic

import pytest

from gatehouse.core.resolving import within
from gatehouse.core.settings import read_settings
from gatehouse.mail import adapters
from gatehouse.mail.adapters import SmtpMailer
from tests.mail.test_adapters import LETTER, mailer
from tests.sink import sink

pytestmark = pytest.mark.integration


@pytest.fixture
def deaf():
    """A port at which no connection ever comes about: its queue is full, and nobody accepts."""
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = held.enter_context(closing(socket.socket()))
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture
def hanging():
    """A function that does not answer until the test is over."""
    over = Event()
    yield lambda *_about, **_more: over.wait(20)
    over.set()


def sender_to(port: int, host: str = "127.0.0.1") -> SmtpMailer:
    settings = {"SMTP_HOST": host, "SMTP_PORT": str(port), "SMTP_USE_TLS": "false"}
    return SmtpMailer(read_settings({"FLASK_ENV": "testing", **settings}).smtp)


def test_all_addresses_of_a_server_that_is_not_reached_share_the_time_of_a_letter(
    deaf, monkeypatch
):
    """Each had ten seconds: a name with many addresses outlasted the lease of the message."""
    monkeypatch.setattr(adapters, "ask_the_system", lambda *_: ["127.0.0.1"] * 8)
    monkeypatch.setattr(adapters, "TIME_OUT", 0.2)
    monkeypatch.setattr(adapters, "LONGEST", 0.5)
    started = monotonic()

    with pytest.raises(OSError, match=r"timed out|too long"):
        sender_to(deaf).send(LETTER)

    assert 0.4 < monotonic() - started < 1


def test_a_resolver_that_hangs_holds_nobody(hanging, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    monkeypatch.setattr(adapters, "TIME_OUT", 0.2)
    started = monotonic()

    with pytest.raises(TimeoutError, match="in time"):
        sender_to(25, "mail.example.test").send(LETTER)

    assert monotonic() - started < 1


def test_a_server_of_which_one_address_is_dead_gets_its_letter(monkeypatch):
    with sink() as server:
        monkeypatch.setattr(adapters, "ask_the_system", lambda *_: ["::1", "127.0.0.1"])
        mailer(server, SMTP_HOST="mail.example.test").send(LETTER)

        assert len(server.mails) == 1


def test_a_name_of_our_own_that_hangs_costs_no_letter(hanging, monkeypatch):
    monkeypatch.setattr(adapters, "getfqdn", hanging)
    monkeypatch.setattr(adapters, "TIME_OUT", 0.5)
    with sink() as server:
        mailer(server).send(LETTER)

        assert len(server.mails) == 1


def test_a_server_without_an_address_is_an_error_for_now(monkeypatch):
    monkeypatch.setattr(adapters, "ask_the_system", lambda *_: [])

    with pytest.raises(OSError, match="no address"):
        sender_to(25, "mail.example.test").send(LETTER)


def test_what_is_asked_in_time_says_what_it_says():
    assert within(5, int, "7") == 7
    with pytest.raises(ValueError, match="seven"):
        within(5, int, "seven")
