"""Mails from a handler to the wire, and never too many of them to one address."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Postponed, Received
from gatehouse.mail.ports import Mailer
from gatehouse.mail.service import MOST_IN_AN_HOUR, Mail, refuse_to_flood, render, sending

MAIL = Mail(
    subject="Welcome, <b>Bob</b>",
    says=("Hello {{7*7}} <script>alert(1)</script>",),
    link=("Open", "https://id.example.test/x?a=1&b=2"),
    facts=(("Address", "192.0.2.1"),),
    notes=("Not you? Tell us.",),
)


class Kept:
    def __init__(self):
        self.letters = []

    def send(self, letter):
        self.letters.append(letter)


def received(*, is_retry: bool = False) -> Received:
    return Received(uuid4(), datetime.now(UTC), is_retry=is_retry)


def test_what_a_mail_says_is_plain_text_in_both_parts():
    """Threat 109: no mark-up, no template, whatever somebody is called."""
    subject, text, html = render(MAIL, "Acme & Co", "https://id.example.test")

    assert subject == "Welcome, <b>Bob</b>"
    assert "Hello {{7*7}} <script>alert(1)</script>" in text
    assert "https://id.example.test/x?a=1&b=2\n" in text
    assert "  Address: 192.0.2.1\n" in text
    assert "<script>" not in html
    assert "Hello {{7*7}} &lt;script&gt;" in html
    assert 'href="https://id.example.test/x?a=1&amp;b=2"' in html
    assert "Acme &amp; Co" in html


def test_every_try_of_a_message_is_the_same_letter(runtime):
    kept, message = Kept(), received()
    for _ in range(2):
        with unit_of_work(runtime, Origin()) as ctx:
            (act,) = sending(ctx, message, MAIL, to="bob@example.test")
        act(Ports({Mailer: kept}))

    first, second = kept.letters
    assert first == second
    assert first.message_id == f"<{message.id}.mail@localhost>"


def test_nobody_gets_more_than_five_mails_an_hour(runtime):
    """Threat 111: of one kind; the sixth comes later, and is not lost. No kind starves another."""
    address = f"{uuid4().hex}@example.test"
    for _ in range(MOST_IN_AN_HOUR):
        with unit_of_work(runtime, Origin()) as ctx:
            refuse_to_flood(ctx, received(), address)

    with pytest.raises(Postponed) as later, unit_of_work(runtime, Origin()) as ctx:
        refuse_to_flood(ctx, received(), address)

    assert 3500 < later.value.wait.total_seconds() <= 3602
    with unit_of_work(runtime, Origin()) as ctx:
        refuse_to_flood(ctx, received(is_retry=True), address)
        refuse_to_flood(ctx, received(), f"other-{address}")
        refuse_to_flood(ctx, received(), address, of="invitations")
