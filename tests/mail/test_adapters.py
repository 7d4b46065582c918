"""Letters on their way: to a real SMTP server, to the terminal, or to nobody yet."""

import smtplib
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Thread
from time import monotonic, sleep

import pytest

from gatehouse.core.reactions import GivenUp
from gatehouse.core.settings import read_settings
from gatehouse.mail import adapters
from gatehouse.mail.adapters import NoMailer, PrintingMailer, SmtpMailer, mailer_for
from gatehouse.mail.ports import Letter
from gatehouse.outbox import service as outbox_lease
from gatehouse.outbox.jobs import LATE
from tests.processes import free_port
from tests.sink import certificate, only, sink

pytestmark = pytest.mark.integration
LETTER = Letter(
    to="bob@example.test",
    subject="Hello",
    text="The text.\n",
    html="<p>The text.</p>",
    message_id="<0190@example.test>",
)


@pytest.fixture
def server():
    with sink() as server:
        yield server


def mailer(server, **overrides) -> SmtpMailer:
    return SmtpMailer(read_settings({"FLASK_ENV": "testing", **server.settings, **overrides}).smtp)


def test_a_letter_arrives_with_both_of_its_parts(server):
    mailer(server).send(LETTER)

    (mail,) = server.mails
    assert server.recipients == ["bob@example.test"]
    assert mail["From"] == "Gatehouse <gatehouse@example.test>"
    assert (mail["To"], mail["Subject"]) == ("bob@example.test", "Hello")
    assert mail["Message-ID"] == "<0190@example.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime is not None
    assert mail.get_body(["plain"]).get_content() == "The text.\r\n"
    assert mail.get_body(["html"]).get_content().strip() == "<p>The text.</p>"


def test_nothing_in_a_letter_begins_a_header(server):
    """Threat 108."""
    evil = "Hi\r\nBcc: all@example.test\r\n\r\nbody"
    mailer(server).send(replace(LETTER, subject=evil, reply_to="eve@example.test"))

    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: all@example.test body"
    assert server.recipients == ["bob@example.test"]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "bob@example.test\r\nBcc: x@example.test"},
        {"to": "a@example.test, b@example.test"},
        {"reply_to": "x@example.test\nCc: y@example.test"},
        {"to": "nobody"},
    ],
)
def test_what_is_no_address_is_given_up(server, changes):
    with pytest.raises(GivenUp):
        mailer(server).send(replace(LETTER, **changes))

    assert server.mails == []


def test_a_connection_is_kept_for_the_next_letter_and_made_anew_when_lost(server):
    sender = mailer(server)
    sender.send(LETTER)
    sender.send(LETTER)
    assert server.connections == 1

    sender._kept[0][1]._connection.sock.shutdown(2)  # noqa: SLF001 - as a server would
    sender.send(LETTER)

    assert (len(server.mails), server.connections) == (3, 2)


def test_a_connection_that_was_idle_for_long_is_not_used_again(server, monkeypatch):
    sender = mailer(server)
    sender.send(LETTER)
    monkeypatch.setattr(adapters, "LONGEST_IDLE", 0)

    sender.send(LETTER)

    assert (len(server.mails), server.connections) == (2, 2)


@pytest.mark.parametrize("takes_utf8", [True, False])
def test_an_address_in_another_alphabet(takes_utf8):
    with sink(enable_SMTPUTF8=takes_utf8) as server:
        sender, letter = mailer(server), replace(LETTER, to="jürgen@example.test")
        if takes_utf8:
            sender.send(letter)
        else:
            with pytest.raises(GivenUp, match="6531"):
                sender.send(letter)

        assert server.recipients == (["jürgen@example.test"] if takes_utf8 else [])


@pytest.mark.parametrize(
    ("answer", "error"), [("550 unknown", GivenUp), ("451 try later", OSError)]
)
def test_a_recipient_that_is_refused(server, answer, error):
    server.refuses["bob@example.test"] = answer
    sender = mailer(server)

    with pytest.raises(error, match=answer[4:]):
        sender.send(LETTER)

    sender.send(replace(LETTER, to="carol@example.test"))
    assert server.recipients == ["carol@example.test"]


@pytest.mark.parametrize(("answer", "error"), [("554 spam", GivenUp), ("452 disk full", OSError)])
def test_a_letter_that_is_refused(server, answer, error):
    server.answer = answer
    sender = mailer(server)
    with pytest.raises(error, match=answer[4:]):
        sender.send(LETTER)

    server.answer = "250 OK"
    sender.send(LETTER)
    assert len(server.mails) == 1


@dataclass
class Stutterer:
    """A server that sends one character after the other, from the reply to ``begins_at`` on."""

    begins_at: str = "never"
    gap: float = 0.05
    port: int = 0
    connections: int = 0
    letters: int = 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            with line, line.makefile("rb") as lines, suppress(OSError):
                self.talk(line, lines)

    def talk(self, line: socket.socket, lines: Iterable[bytes]) -> None:
        self.say(line, "", "220 stuttering is what this server does")
        is_data = False
        for said in lines:
            if is_data and said != b".\r\n":
                continue
            verb = "." if is_data else said.split()[0].decode().upper()
            is_data, self.letters = verb == "DATA", self.letters + is_data
            self.say(line, verb, "354 go on" if is_data else "250 this takes the time it takes")

    def say(self, line: socket.socket, verb: str, text: str) -> None:
        if verb != self.begins_at:
            line.sendall(f"{text}\r\n".encode())
            return
        for character in f"{text}\r\n":
            line.sendall(character.encode())
            sleep(self.gap)


@pytest.fixture
def stutterer():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Stutterer(port=listener.getsockname()[1])
        thread = Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def sender_to(server: Stutterer) -> SmtpMailer:
    settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.port), "SMTP_USE_TLS": "false"}
    return SmtpMailer(read_settings({"FLASK_ENV": "testing", **settings}).smtp)


@pytest.mark.parametrize("begins_at", ["", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_server_that_stutters_has_one_deadline_for_the_whole_letter(
    stutterer, monkeypatch, begins_at
):
    """Threat 243: past the lease another worker would send it, too."""
    stutterer.begins_at = begins_at
    monkeypatch.setattr(adapters, "LONGEST", 0.2)
    started = monotonic()

    with pytest.raises(OSError, match="too long"):
        sender_to(stutterer).send(LETTER)

    assert monotonic() - started < 1
    assert stutterer.connections == 1


def test_a_letter_is_done_with_while_its_message_is_leased():
    left = outbox_lease.LEASE - LATE

    assert timedelta(seconds=adapters.LONGEST + 3 * adapters.TIME_OUT) <= left


def test_what_a_kept_connection_may_have_taken_is_not_sent_on_another(stutterer, monkeypatch):
    sender = sender_to(stutterer)
    sender.send(LETTER)
    stutterer.begins_at = "."
    monkeypatch.setattr(adapters, "LONGEST", 0.2)

    with pytest.raises(OSError, match="too long"):
        sender.send(LETTER)

    assert (stutterer.letters, stutterer.connections) == (2, 1)


def test_who_looks_for_viruses_is_waited_for(stutterer, monkeypatch):
    monkeypatch.setattr(adapters, "TIME_OUT", 0.1)
    stutterer.begins_at, stutterer.gap = ".", 0.0
    monkeypatch.setattr(stutterer, "say", slow_to_take(stutterer.say))

    sender_to(stutterer).send(LETTER)

    assert stutterer.letters == 1


def slow_to_take(say):
    def wait(line, verb, text):
        sleep(0.3 if verb == "." else 0)
        say(line, verb, text)

    return wait


def test_a_server_that_is_away_is_an_error_for_now():
    settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(free_port()), "SMTP_USE_TLS": "false"}
    away = SmtpMailer(read_settings({"FLASK_ENV": "testing", **settings}).smtp)

    with pytest.raises(OSError, match="refused"):
        away.send(LETTER)


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """A server that wants TLS and a password, and a machine that trusts its certificate."""
    certificates, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    guard = {"authenticator": only("bob", "secret"), "auth_required": True}
    with sink(tls_context=context, require_starttls=True, **guard) as server:
        yield server


def test_with_tls_and_a_password(guarded):
    options = {"SMTP_USE_TLS": "true", "SMTP_USER": "bob", "SMTP_PASSWORD": "secret"}
    mailer(guarded, **options).send(LETTER)

    assert len(guarded.mails) == 1


def test_a_wrong_password_sends_nothing(guarded):
    options = {"SMTP_USE_TLS": "true", "SMTP_USER": "bob", "SMTP_PASSWORD": "wrong"}
    with pytest.raises(smtplib.SMTPAuthenticationError):
        mailer(guarded, **options).send(LETTER)


def test_a_certificate_that_nobody_vouches_for_is_refused(guarded, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ssl.SSLError):
        mailer(guarded, SMTP_USE_TLS="true").send(LETTER)


def test_a_server_without_tls_gets_nothing_when_tls_is_wanted(server):
    with pytest.raises(smtplib.SMTPNotSupportedError):
        mailer(server, SMTP_USE_TLS="true").send(LETTER)

    assert server.mails == []


def test_development_prints_the_letter(capsys):
    PrintingMailer().send(LETTER)

    assert "Mail to bob@example.test\nSubject: Hello\n\nThe text.\n" in capsys.readouterr().out


def test_production_without_a_server_keeps_letters_waiting():
    with pytest.raises(OSError, match="SMTP_HOST"):
        NoMailer().send(LETTER)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, PrintingMailer),
        ({"SMTP_HOST": "mail.example.test"}, SmtpMailer),
        (
            {
                "FLASK_ENV": "production",
                "SECRET_KEY": "Kq3v8sT1pZx7wB4nM6dF9gH2jL5cR0yQ",
                "ENCRYPTION_KEY": "aZ9xK3vB7nQ1mW5tY8rE2uI6oP4sD0fG",
                "DATABASE_URL": "postgresql://localhost/x",
                "APP_URL": "https://id.example.test",
            },
            NoMailer,
        ),
    ],
)
def test_which_way_letters_go(changes, kind):
    settings = read_settings({"FLASK_ENV": "testing", **changes})

    assert isinstance(mailer_for(settings), kind)
