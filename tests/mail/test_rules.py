"""What may stand in the head of a letter (threat 108)."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTPUTF8

import pytest

from gatehouse.mail.ports import Letter
from gatehouse.mail.rules import address_of, header_text, message_of, name_in_mail

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Plain", "Plain"),
        ("One\r\nBcc: all@example.test", "One Bcc: all@example.test"),
        ("a\x00b\u2028c\u202ed\x7f", "a b c d"),
        ("  wide   spaces ", "wide spaces"),
        ("Grüße 🎉", "Grüße 🎉"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_header_is_one_line_of_what_can_be_seen(text, clean):
    assert header_text(text) == clean


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Marlowe & Sons", "Marlowe & Sons"),
        ("J.R. Smith, Jr.", "J.R. Smith, Jr."),
        ("St. Mary's No.4", "St. Mary's No.4"),
        ("Version 2.0", "Version 2.0"),
        ("Acme Inc.", "Acme Inc."),
        ("booking.com", "booking com"),
        ("LOCKED - open https://evil.test/unlock now", "LOCKED - open evil test/unlock now"),
        ("www.evil.co.uk", "www evil co uk"),
        ("evil。test", "evil test"),
        ("http://203.0.113.9/a", "203.0.113.9/a"),
        ("javascript:\\\\x", "x"),
        ("bücher.example", "bücher example"),
        ("x" * 255, "x" * 79 + "…"),
    ],
)
def test_a_name_in_a_mail_leads_nowhere(text, shown):
    """Threat 111."""
    assert name_in_mail(text) == shown


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("bob@example.test", "bob@example.test"),
        ("bob+tag@bücher.example", "bob+tag@xn--bcher-kva.example"),
        ('"a b"@example.test', None),
        ("two@example.test,three@example.test", None),
        ("bob@example.test\r\nBcc: x@example.test", None),
        ("Bob <bob@example.test>", None),
        ("bob", None),
        ("@example.test", None),
        ("bob@exa mple.test", None),
        ("bob@" + "x" * 64 + ".test", None),
    ],
)
def test_an_address_is_one_address_or_refused(text, spec):
    if spec is None:
        with pytest.raises(ValueError, match="address"):
            _ = address_of(text).addr_spec
    else:
        assert address_of(text).addr_spec == spec


DATE = "Sat, 31 Jan 2026 12:00:00 -0000"
LETTER = Letter("bob@example.test", "Hello", "The text.\n", "<p>The text.</p>", "<1@example.test>")


def letter(**changes: str) -> Letter:
    return replace(LETTER, **changes)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("The text.\n", "7bit"),
        ("Grüße 🎉 = 100%\n.\n--\n", "quoted-printable"),
        ("x" * 2000 + "\n", "quoted-printable"),
        ("a\x00b\n", "quoted-printable"),
        ("one\rtwo\r\nthree \n", "7bit"),
    ],
)
def test_both_parts_arrive_as_they_were_written(text, encoding):
    sent = message_of(letter(text=text, html=f"<p>{text}</p>"), "gate@example.test", DATE)
    read = message_from_bytes(sent.data, policy=SMTPUTF8)

    plain, html = read.get_body(["plain"]), read.get_body(["html"])
    assert plain.get_content().splitlines() == text.splitlines()
    assert html.get_content().splitlines() == f"<p>{text}</p>".splitlines()
    assert plain["Content-Transfer-Encoding"] == encoding
    assert max(map(len, sent.data.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("subject", "sender"),
    [
        ("Hello", "gate@example.test"),
        ("Grüße 🎉 " * 20, "Türsteher <gate@example.test>"),
        ("Hi\r\nBcc: all@example.test\r\n\r\nbody", '"Gate, House" <gate@example.test>'),
    ],
)
def test_heads_are_encoded_and_nothing_is_added(subject, sender):
    sent = message_of(letter(subject=subject), sender, DATE)
    read = message_from_bytes(sent.data, policy=SMTPUTF8)

    assert (read["Subject"], read["From"]) == (header_text(subject), sender)
    assert (sent.sender, sent.to, sent.needs_utf8) == (
        "gate@example.test",
        "bob@example.test",
        False,
    )
    assert sent.data.partition(b"\r\n\r\n")[0].isascii()
    assert set(read.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID"),
        *("Auto-Submitted", "MIME-Version", "Content-Type"),
    }


def test_an_address_that_is_not_ascii_says_so():
    sent = message_of(letter(to="jürgen@bücher.example"), "gate@example.test", DATE)

    assert (sent.to, sent.needs_utf8) == ("jürgen@xn--bcher-kva.example", True)
    assert "To: jürgen@xn--bcher-kva.example".encode() in sent.data
