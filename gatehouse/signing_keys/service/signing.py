"""Signing with the key that is active now, and verifying what we signed."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatehouse.core import jose
from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.signing_keys.queries import KeySet, KnownKeys
from gatehouse.signing_keys.rules import ALGORITHMS
from gatehouse.signing_keys.service.rotation import add_missing

MOST_VERIFIED = 2048  # tokens that a worker knows again


def known_keys(runtime: Runtime) -> KeySet:
    """The keys, as they were at most a second ago."""
    return runtime.ports[KnownKeys].now(runtime)


def prepare(ctx: Context) -> None:
    """Make the keys of a new installation. Before the transaction begins: it has one of its own."""
    if len(known_keys(ctx.runtime).active) == len(ALGORITHMS):
        return
    ctx.stay_out_of_the_transaction()
    with unit_of_work(ctx.runtime, Origin("signing-keys")) as own:
        add_missing(own)
    ctx.runtime.ports[KnownKeys].read(ctx.runtime)


def sign(runtime: Runtime, claims: Mapping[str, Any], *, alg: str, typ: str = "JWT") -> str:
    """A token under the active key of ``alg``."""
    return jose.sign(claims, known_keys(runtime).active[alg], typ=typ)


def verify_own(runtime: Runtime, token: str, *, typ: Sequence[str]) -> Mapping[str, Any]:
    """The claims of a token that we signed with a key that still counts. Raises NotGenuine.

    A key that is published a day before it signs is known to everybody; one that was made in an
    emergency is known after a second, for which whoever makes it waits.
    """
    keys = known_keys(runtime)
    name = f"{' '.join(typ)}\n{token}"
    if name in keys.verified:
        return keys.verified[name]
    claims = jose.verify(token, keys.verifying, ALGORITHMS, typ=typ)
    if len(keys.verified) >= MOST_VERIFIED:
        keys.verified.clear()
    keys.verified[name] = claims
    return claims
