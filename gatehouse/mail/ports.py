"""The outside world of mail."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready to go. ``message_id`` is the same at every try."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    reply_to: str | None = None


class Mailer(Protocol):
    """Hands a letter over. Raises GivenUp if nobody will ever take it, else whatever went wrong."""

    def send(self, letter: Letter) -> None: ...

    def check(self) -> None:
        """Go all the way that a letter goes, and send none."""
        ...
