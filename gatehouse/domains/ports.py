"""The outside world of domains."""

from typing import Protocol


class Resolver(Protocol):
    """Asks the DNS. Raises ResolverAway if it is not known what the answer is."""

    def texts(self, name: str) -> list[str]:
        """The TXT records of ``name``, each as one text; none if there is no such name."""
        ...
