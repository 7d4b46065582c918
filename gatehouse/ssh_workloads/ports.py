"""The outside world of workloads."""

from collections.abc import Sequence
from typing import Protocol

from gatehouse.core.jose import Key


class IssuerKeys(Protocol):
    """Knows the keys by which an issuer signs, by its discovery (OpenID Connect Discovery 4)."""

    def at(self, issuer: str, kid: str = "", /) -> Sequence[Key]:
        """The keys; none if it does not answer as it should. Call it outside of transactions.

        An unknown ``kid`` is a reason to ask again, but not often. Raises KeysBusy if too many
        wait for answers already.
        """
        ...
