"""The outside world of workloads."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gatehouse.core.jose import Key


class IssuerKeys(Protocol):
    """Knows the keys by which an issuer signs, by its discovery (OpenID Connect Discovery 4)."""

    def at(self, issuer: str, kid: str = "", /, *, asked_by: UUID | None = None) -> Sequence[Key]:
        """The keys; none if it does not answer as it should. Call it outside of transactions.

        An unknown ``kid`` is a reason to ask again, but not often. ``asked_by`` is the organization
        for which it is. Raises KeysBusy if too many wait for answers already, or those of this one
        were slow.
        """
        ...
