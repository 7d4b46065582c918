"""The outside world of clients."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gatehouse.core.jose import Key


class PublishedKeys(Protocol):
    """Knows the keys that clients publish at an address of theirs (``jwks_uri``)."""

    def at(self, url: str, kid: str = "", *, asked_by: UUID | None = None) -> Sequence[Key]:
        """The keys; none if the address does not answer. Call it outside of transactions.

        An unknown ``kid`` is a reason to ask again, but not often. ``asked_by`` is the organization
        of the client, or the client if it has none. Raises KeysBusy if too many wait for answers
        already, or those of this one were slow.
        """
        ...
