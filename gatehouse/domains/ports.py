"""The outside world of domains."""

from typing import Protocol
from uuid import UUID


class Resolver(Protocol):
    """Asks the DNS. Raises ResolverAway if it is not known what the answer is."""

    def texts(self, name: str, asked_by: UUID | None = None) -> list[str]:
        """The TXT records of ``name``, each as one text; none if there is no such name.

        Raises ResolverBusy if a request waits for an answer to ``asked_by``, or several for others.
        """
        ...
