"""A letter as bytes, and what may stand in its head. Pure.

The modules of the standard library parse each header that they write, which costs more than all
else that a mail needs. Here only what can be odd goes through them, and is remembered.
"""

import re
from binascii import b2a_qp
from dataclasses import dataclass
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import parseaddr
from functools import lru_cache
from hashlib import sha256

from gatehouse.mail.ports import Letter

MOST_IN_SUBJECT = 200  # characters
SPECIAL = frozenset('"(),:;<>@[\\]')  # what would have to be quoted (RFC 5322 3.2.3)
MOST_IN_NAME = 80  # characters
SCHEME = re.compile(r"[\w+.-]*:[/\\]+")
DOT_OF_A_HOST = re.compile(r"(?<=[\w-])[.\u3002\uff0e\uff61](?=[^\W\d_]{2})")
LONGEST_LINE = 998  # bytes (RFC 5322 2.1.1)
END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Message:
    """What is handed to a mail server. ``needs_utf8``: an address is not ASCII (RFC 6531)."""

    sender: str
    to: str
    data: bytes
    needs_utf8: bool


def message_of(letter: Letter, sender: str, date: str) -> Message:
    """The letter, both of its parts. Nothing of it can begin a header. Raises ValueError."""
    to = address_of(letter.to).addr_spec
    reply_to = address_of(letter.reply_to).addr_spec if letter.reply_to else ""
    boundary = sha256(f"{letter.message_id}{letter.text}{letter.html}".encode()).hexdigest()
    head = [
        _header("From", sender),
        f"To: {to}",
        *([f"Reply-To: {reply_to}"] if reply_to else []),
        _header("Subject", header_text(letter.subject)),
        f"Date: {date}",
        f"Message-ID: {header_text(letter.message_id)}",
        "Auto-Submitted: auto-generated",  # RFC 3834: nobody's holiday notice shall answer.
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    line = b"--" + boundary.encode()
    lines = ("\r\n".join(head).encode(), b"", line, *_part("plain", letter.text), line)
    data = END.join((*lines, *_part("html", letter.html), line + b"--", b""))
    return Message(_bare(sender), to, data, needs_utf8=not (to + reply_to).isascii())


def header_text(text: str) -> str:
    """``text`` on one line: whatever could begin another header, or hide, becomes a blank."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(clean.split())[:MOST_IN_SUBJECT]


def name_in_mail(text: str) -> str:
    """A name that somebody chose, as strangers are mailed it: programs make no link of it."""
    name = DOT_OF_A_HOST.sub(" ", SCHEME.sub(" ", header_text(text)))
    short = " ".join(name.split())
    return short if len(short) <= MOST_IN_NAME else f"{short[: MOST_IN_NAME - 1]}…"


def address_of(text: str) -> Address:
    """One address, with its domain as mail servers want it (RFC 5891). Raises ValueError."""
    local, _, domain = text.rpartition("@")
    if not local or not domain or not text.isprintable() or set(local) & SPECIAL or " " in text:
        raise ValueError("not one address")
    try:
        return Address(username=local, domain=domain.encode("idna").decode())
    except UnicodeError:
        raise ValueError("not one address") from None


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> str:
    """A header of any text, encoded and folded (RFC 2047)."""
    return str(SMTP.header_factory(name, value).fold(policy=SMTP)).removesuffix("\r\n")


@lru_cache(maxsize=4)
def _bare(sender: str) -> str:
    return parseaddr(sender)[1]


def _part(kind: str, text: str) -> tuple[bytes, ...]:
    """A part of a message, as it is where mail servers take that, else as printable ASCII."""
    lines = text.encode().splitlines()
    data, encoding = END.join(lines) + END, b"7bit"
    longest = max(map(len, lines), default=0)
    if not data.isascii() or b"\0" in data or longest > LONGEST_LINE:
        data, encoding = b2a_qp(data), b"quoted-printable"
    mime = b'Content-Type: text/%s; charset="utf-8"' % kind.encode()
    return mime, b"Content-Transfer-Encoding: " + encoding, b"", data
