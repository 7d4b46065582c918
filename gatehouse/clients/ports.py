"""The outside world of clients."""

from collections.abc import Sequence
from typing import Protocol

from gatehouse.core.jose import Key


class PublishedKeys(Protocol):
    """Knows the keys that clients publish at an address of theirs (``jwks_uri``)."""

    def at(self, url: str, kid: str = "") -> Sequence[Key]:
        """The keys; none if the address does not answer. Call it outside of transactions.

        An unknown ``kid`` is a reason to ask again, but not often. Raises KeysBusy if too many
        wait for answers already.
        """
        ...
