"""The outside world of domains."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID


class Resolver(Protocol):
    """Asks the DNS. Raises ResolverAway if it is not known what the answer is."""

    def texts(
        self, name: str, asked_by: Collection[UUID] = (), *, quickly: bool = False
    ) -> list[str]:
        """The TXT records of ``name``, each as one text; none if there is no such name.

        ``asked_by`` are the account and the organization for which a request waits. Raises
        ResolverBusy if another waits for one of them, if several wait for others, or if one of them
        has had the DNS for long a short while ago. ``quickly``: what does not answer at once is
        away.
        """
        ...
