"""Handing letters over: to an SMTP server, to the terminal of a developer, or to nobody yet."""

import smtplib
import ssl
import sys
from collections import deque
from email.utils import formatdate
from io import BufferedReader, RawIOBase
from math import inf
from socket import getfqdn
from time import monotonic
from typing import Any

from gatehouse.core.reactions import GivenUp
from gatehouse.core.resolving import ask_the_system, within
from gatehouse.core.settings import Settings, Smtp
from gatehouse.mail.ports import Letter, Mailer
from gatehouse.mail.rules import Message, message_of

TIME_OUT = 10  # seconds for each answer of the server
# Seconds for a letter, with the connection that it may need. While the lease of its message lasts,
# or another worker would send it too.
LONGEST = 60
TOO_LONG = "the mail server took too long for the whole letter"
LONGEST_IDLE = 30  # seconds after which a line is not trusted to be open still
IMPLICIT_TLS = 465  # the port of SMTP over TLS (RFC 8314)
PERMANENT = 500  # replies from here on say that no later try can succeed (RFC 5321 4.2.1)
NAMELESS = "[127.0.0.1]"  # how a machine greets that does not know its name (RFC 5321 4.1.3)


def mailer_for(settings: Settings) -> Mailer:
    """SMTP if SMTP_HOST is set; else print in development, and keep mails waiting in production."""
    if settings.smtp.host:
        return SmtpMailer(settings.smtp)
    return NoMailer() if settings.in_production else PrintingMailer()


class SmtpMailer:
    """Sends through one server (RFC 5321), on lines that are kept for the letters to come."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._kept: deque[tuple[float, Line]] = deque()

    def send(self, letter: Letter) -> None:
        message = compose(letter, self._smtp.sender)
        ends_at = monotonic() + LONGEST
        line = self._kept_line()
        if line is not None:
            try:
                self._send_on(line, message, ends_at)
            except smtplib.SMTPServerDisconnected:
                if line.was_answered:
                    raise
                # It had been idle for too long.
            else:
                return
        self._send_on(Line(self._smtp, ends_at), message, ends_at)

    def check(self) -> None:
        Line(self._smtp, monotonic() + LONGEST)

    def _kept_line(self) -> "Line | None":
        """The line that was used last; none of them, if even that has been idle for long."""
        try:
            since, line = self._kept.pop()
        except IndexError:
            return None
        if monotonic() - since < LONGEST_IDLE:
            return line
        self._kept.clear()
        return None

    def _send_on(self, line: "Line", message: Message, ends_at: float) -> None:
        try:
            line.send(message, ends_at)
        finally:
            if line.is_open:
                self._kept.append((monotonic(), line))


class Line:
    """A connection to the mail server, ready for one letter after the other."""

    def __init__(self, smtp: Smtp, ends_at: float) -> None:
        self._connection = _connect(smtp, ends_at)
        try:
            if smtp.use_tls and smtp.port != IMPLICIT_TLS:
                self._connection.starttls(context=ssl.create_default_context())
            if smtp.user:
                self._connection.login(smtp.user, smtp.password)
        except BaseException:
            self._connection.close()
            raise

    @property
    def is_open(self) -> bool:
        return self._connection.sock is not None

    @property
    def was_answered(self) -> bool:
        """Whether the server said anything to the last message, and so may have it."""
        return self._connection.heard

    def send(self, message: Message, ends_at: float) -> None:
        """Hand the message over. A server that refuses it still takes the next one."""
        self._connection.ends_at, self._connection.heard = ends_at, False
        try:
            self._send(message)
        except smtplib.SMTPRecipientsRefused as error:
            (code, reply), *_ = error.recipients.values()
            _refused(code, reply)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPResponseException as error:
            _refused(error.smtp_code, error.smtp_error)

    def _send(self, message: Message) -> None:
        options = ["SMTPUTF8", "BODY=8BITMIME"] if message.needs_utf8 else []
        self._connection.ehlo_or_helo_if_needed()
        if options and not self._connection.has_extn("smtputf8"):
            raise GivenUp("the mail server takes no such address (RFC 6531)")
        self._connection.sendmail(message.sender, [message.to], message.data, options)

    def __del__(self) -> None:
        """A line that is not kept, or came to nothing, leaves no socket open."""
        if connection := getattr(self, "_connection", None):
            connection.close()


class Paced(smtplib.SMTP):
    """Raises SMTPServerDisconnected once ``ends_at`` is over, by the monotonic clock.

    A time-out of the socket begins anew with each byte: a server that sends one a second
    (OpenBSD's spamd does) would hold us for as long as it likes. ``heard`` says whether the server
    has answered since that was set to False.
    """

    def __init__(self, host: str, port: int, *, ends_at: float, **options: Any) -> None:
        self.ends_at, self.heard = ends_at, False
        self._patience: float = TIME_OUT
        name = _own_name(self._wait())
        super().__init__(host, port, local_hostname=name, timeout=TIME_OUT, **options)

    def _wait(self) -> float:
        """How long the next step may take. Raises TimeoutError if there is no time for any."""
        left = self.ends_at - monotonic()
        if left <= 0:
            raise TimeoutError(TOO_LONG)
        return min(self._patience, left)

    def _get_socket(self, host: str, port: int, _timeout: float) -> Any:
        # The standard library waits for the resolver for ever, and anew for each address.
        failure = OSError(f"{host} has no address")
        for address in within(self._wait(), ask_the_system, host, port):
            try:
                return super()._get_socket(address, port, self._wait())  # type: ignore[misc]
            except ssl.SSLError:
                raise
            except OSError as error:
                failure = error
        raise failure

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = BufferedReader(_Bytes(self))
        reply = super().getreply()
        self.heard = True
        return reply

    def data(self, msg: Any) -> tuple[int, bytes]:
        # Servers look for spam and viruses before they answer. Who gives up too early sends it
        # all again (RFC 1047).
        self._patience = inf
        try:
            return super().data(msg)
        finally:
            self._patience = TIME_OUT

    def receive(self, buffer: Any) -> int:
        """What comes next, unless it does not come in time. Raises TimeoutError."""
        sock: Any = self.sock
        sock.settimeout(wait := self._wait())
        try:
            return int(sock.recv_into(buffer))
        except TimeoutError:
            if wait >= self._patience:
                raise
            raise TimeoutError(TOO_LONG) from None
        finally:
            sock.settimeout(TIME_OUT)


class PacedTls(Paced, smtplib.SMTP_SSL):
    """The same on a port where TLS comes first."""


class _Bytes(RawIOBase):
    """The answers, as the buffer of the standard library wants to read them."""

    def __init__(self, connection: Paced) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.receive(buffer)


def _own_name(seconds: float) -> str:
    """What to greet with. The look-up is worth a wait, never a letter."""
    try:
        name = within(seconds, getfqdn)
    except TimeoutError:
        return NAMELESS
    return name if "." in name else NAMELESS


def _connect(smtp: Smtp, ends_at: float) -> Paced:
    if smtp.use_tls and smtp.port == IMPLICIT_TLS:
        context = ssl.create_default_context()
        return PacedTls(smtp.host, smtp.port, ends_at=ends_at, context=context)
    return Paced(smtp.host, smtp.port, ends_at=ends_at)


class PrintingMailer:
    """Prints letters to standard output, links and all: for development only."""

    def send(self, letter: Letter) -> None:
        line = "-" * 72
        sys.stdout.write(
            f"{line}\nMail to {letter.to}\nSubject: {letter.subject}\n\n"
            f"{letter.text.rstrip()}\n{line}\n"
        )
        sys.stdout.flush()

    def check(self) -> None:
        pass


class NoMailer:
    """Keeps every letter waiting: production without SMTP_HOST."""

    def send(self, letter: Letter) -> None:
        del letter
        self.check()

    def check(self) -> None:
        raise OSError("SMTP_HOST is not set: the mail waits")


def compose(letter: Letter, sender: str) -> Message:
    """The letter as it goes over the wire. Raises GivenUp."""
    try:
        return message_of(letter, sender, formatdate())
    except ValueError as error:
        raise GivenUp(f"the address is {error}") from None


def _refused(code: int, reply: bytes | str) -> None:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    error = GivenUp if code >= PERMANENT else OSError
    raise error(f"the mail server answered {code} {text}")
