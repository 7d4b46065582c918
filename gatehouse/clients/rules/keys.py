"""The keys that a client publishes with us: public ones alone, each of one meaning. Pure."""

from collections.abc import Mapping
from typing import Any

from gatehouse.clients.rules.options import Options
from gatehouse.core.jose import ASYMMETRIC, EDWARDS, STRONG, NotGenuine, public_keys

MOST_KEYS = 20
# What is kept of a key: nothing leads elsewhere, nothing is carried along.
MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops")


def key_set_problem(jwks: Mapping[str, Any]) -> str:
    """What keeps this from being a key set (RFC 7517 5)."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys or len(keys) > MOST_KEYS:
        return f'Must be a key set: {{"keys": [...]}} with 1 to {MOST_KEYS} keys.'
    if not all(isinstance(key, Mapping) and isinstance(key.get("kty"), str) for key in keys):
        return "Must hold keys as RFC 7517 has them."
    try:
        usable = [found for key in keys for found in public_keys(key)]
    except (NotGenuine, TypeError, ValueError) as error:
        says = str(error) if isinstance(error, NotGenuine) else "A key of the set cannot be read."
        return f"{says} Send public keys of RSA (2048 to 8192 bits), P-256 or Ed25519."
    kids = [key["kid"] for key in keys if isinstance(key.get("kid"), str)]
    if len(set(kids)) != len(kids):
        return "Must give each key a kid of its own (RFC 7517 4.5)."
    return "" if usable else "Must hold a public key that can verify: RSA, P-256 or Ed25519."


def plain_key_set(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """A right key set with what is needed of it."""
    return {
        "keys": [
            {name: key[name] for name in MEMBERS if name in key}
            for key in jwks["keys"]
            if isinstance(key, Mapping)
        ]
    }


def algorithms_of(options: Options, chosen: str | None) -> tuple[str, ...]:
    """By which a client may sign: as was chosen for it, or any; FAPI 2.0 5.4.1 has no RS256."""
    allowed = STRONG if options.is_fapi else ASYMMETRIC
    if chosen is None:
        return allowed
    wanted = EDWARDS if chosen in EDWARDS else (chosen,)
    return tuple(alg for alg in wanted if alg in allowed)
