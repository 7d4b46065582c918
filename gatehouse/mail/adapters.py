"""Handing letters over: to an SMTP server, to the terminal of a developer, or to nobody yet."""

import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate
from threading import local

from gatehouse.core.reactions import GivenUp
from gatehouse.core.settings import Settings, Smtp
from gatehouse.mail.ports import Letter, Mailer
from gatehouse.mail.rules import address_of, header_text

TIME_OUT = 10  # seconds for each answer of the server
IMPLICIT_TLS = 465  # the port of SMTP over TLS (RFC 8314)
PERMANENT = 500  # replies from here on say that no later try can succeed (RFC 5321 4.2.1)


def mailer_for(settings: Settings) -> Mailer:
    """SMTP if SMTP_HOST is set; else print in development, and keep mails waiting in production."""
    if settings.smtp.host:
        return SmtpMailer(settings.smtp)
    return NoMailer() if settings.in_production else PrintingMailer()


class SmtpMailer:
    """Sends through one server (RFC 5321), on one connection for each thread."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._mine = local()

    def send(self, letter: Letter) -> None:
        message = compose(letter, self._smtp.sender)
        line: Line | None = getattr(self._mine, "line", None)
        try:
            if line is not None:
                line.send(message)
                return
        except smtplib.SMTPServerDisconnected:
            self._mine.line = None  # It had been idle for too long.
        self._mine.line = Line(self._smtp)
        self._mine.line.send(message)

    def check(self) -> None:
        Line(self._smtp)


class Line:
    """A connection to the mail server, ready for one letter after the other."""

    def __init__(self, smtp: Smtp) -> None:
        self._connection = _connect(smtp)
        try:
            if smtp.use_tls and smtp.port != IMPLICIT_TLS:
                self._connection.starttls(context=ssl.create_default_context())
            if smtp.user:
                self._connection.login(smtp.user, smtp.password)
        except BaseException:
            self._connection.close()
            raise

    def send(self, message: EmailMessage) -> None:
        """Hand the message over. A server that refuses it still takes the next one."""
        try:
            self._connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            (code, reply), *_ = error.recipients.values()
            _refused(code, reply)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPResponseException as error:
            _refused(error.smtp_code, error.smtp_error)

    def __del__(self) -> None:
        """A thread that ended, or a line that came to nothing, leaves no socket open."""
        if connection := getattr(self, "_connection", None):
            connection.close()


def _connect(smtp: Smtp) -> smtplib.SMTP:
    if smtp.use_tls and smtp.port == IMPLICIT_TLS:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIME_OUT, context=context)
    return smtplib.SMTP(smtp.host, smtp.port, timeout=TIME_OUT)


class PrintingMailer:
    """Prints letters to standard output, links and all: for development only."""

    def send(self, letter: Letter) -> None:
        line = "-" * 72
        sys.stdout.write(
            f"{line}\nMail to {letter.to}\nSubject: {letter.subject}\n\n{letter.text}{line}\n"
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


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a message. Nothing of it can begin a header. Raises GivenUp."""
    try:
        to = address_of(letter.to)
        reply_to = address_of(letter.reply_to) if letter.reply_to else None
    except ValueError as error:
        raise GivenUp(f"the address is {error}") from None
    is_ascii = to.username.isascii() and (reply_to is None or reply_to.username.isascii())
    message = EmailMessage(policy=SMTP if is_ascii else SMTPUTF8)
    message["From"] = sender
    message["To"] = to
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = header_text(letter.subject)
    message["Date"] = formatdate()
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice shall answer.
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _refused(code: int, reply: bytes | str) -> None:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    error = GivenUp if code >= PERMANENT else OSError
    raise error(f"the mail server answered {code} {text}")
