"""What the application mails, kept in memory, and the links in it."""

import re
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import delete, func, select

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.mail.ports import Letter
from gatehouse.outbox.jobs import deliver_outbox
from gatehouse.outbox.models import Message

LINK = re.compile(r"^https?://\S+$", re.MULTILINE)


@dataclass
class Mailbox:
    """A Mailer. ``deliver`` does what the worker does, until nothing is due."""

    app: Flask | None = None
    letters: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> None:
        self.letters.append(letter)

    def check(self) -> None:
        """It always takes letters."""

    def empty(self) -> None:
        """Forget everything, also what other tests left to be delivered."""
        with unit_of_work(self._runtime, Origin()) as ctx:
            ctx.db.execute(delete(Message))
        self.letters.clear()

    def deliver(self) -> list[Letter]:
        """Deliver what is due. Returns the letters that were new."""
        before = len(self.letters)
        while True:
            with unit_of_work(self._runtime, Origin("mailbox"), Actor("job")) as ctx:
                if not deliver_outbox(ctx):
                    return self.letters[before:]

    def left(self) -> int:
        """How many messages are neither delivered nor given up."""
        with self._runtime.reading() as db:
            return db.scalar(select(func.count()).where(Message.settled_at.is_(None))) or 0

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.to == address]

    @property
    def _runtime(self):
        return self.app.extensions["gatehouse"]


def link_in(letter: Letter) -> str:
    """The one link in a letter."""
    (link, *others) = LINK.findall(letter.text)
    assert not others
    return link


def token_in(letter: Letter) -> str:
    return link_in(letter).rpartition("/")[2]
