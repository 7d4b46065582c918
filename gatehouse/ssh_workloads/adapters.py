"""Asking issuers for their keys: by their discovery, within bounds, and as seldom as clients."""

from gatehouse.clients.adapters import FetchedKeys
from gatehouse.core.jose import Key
from gatehouse.ssh_workloads.rules.issuers import discovery_of


class FetchedIssuers(FetchedKeys):
    """The keys by the issuer. Where it keeps them is asked anew each time that they are."""

    def _fetched(self, url: str, deadline: float) -> tuple[Key, ...] | None:
        found = self._document(discovery_of(url), deadline)
        # Discovery 4.3: whoever describes somebody else is not to be believed.
        if not isinstance(found, dict) or found.get("issuer") != url:
            return None
        jwks_uri = found.get("jwks_uri")
        return super()._fetched(jwks_uri, deadline) if isinstance(jwks_uri, str) else None
