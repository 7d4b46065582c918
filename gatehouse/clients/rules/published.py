"""Sets of keys (RFC 7517 5), as clients publish them. Pure."""

from collections.abc import Iterator
from typing import Any

from gatehouse.core.jose import Key, NotGenuine, public_keys

MOST_KEYS = 50


def keys_of_set(found: Any) -> tuple[Key, ...]:
    """What a set can verify. A key that cannot be read, or that should be secret, is left out."""
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        return ()
    return tuple(key for jwk in keys[:MOST_KEYS] for key in _readable(jwk))


def _readable(jwk: Any) -> Iterator[Key]:
    try:
        yield from public_keys(jwk) if isinstance(jwk, dict) else ()
    except NotGenuine:
        return
