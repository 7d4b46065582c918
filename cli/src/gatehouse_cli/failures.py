"""How a command ends when it does not do what it was asked for. Each way has its exit code."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Failure(Exception):
    """Ends the command: a message for people, and the exit code for scripts."""

    code: ClassVar[int] = 1


class Misused(Failure):
    """The command was called in a way that cannot work."""

    code = 2


class NotSignedIn(Failure):
    """Nobody is signed in, or not any more."""

    code = 3


class Refused(Failure):
    """The server refuses it, and says why. ``type`` is the word of the API's error, ``details``
    the facts of it.
    """

    code = 4

    def __init__(
        self, message: str, error_type: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.type, self.details = error_type, details or {}


class Unreachable(Failure):
    """The server does not answer, or not as a Gatehouse does."""

    code = 5


class Lost(Unreachable):
    """No answer came. What was asked for may have been done all the same."""


class StepUpNeeded(Failure):
    """The server wants a fresher or a stronger sign-in."""

    code = 6
