"""The keys by which what a client signed is verified."""

from functools import lru_cache

import orjson

from gatehouse.clients.ports import PublishedKeys
from gatehouse.clients.queries import KnownClient
from gatehouse.clients.rules import keys_of_set
from gatehouse.core.context import Context
from gatehouse.core.jose import Key


def keys_of(ctx: Context, client: KnownClient, *, kid: str = "") -> list[Key]:
    """The public keys of a client: those that were registered, or those that it publishes.

    ``kid`` is the one that is looked for: an unknown one may be new. Before the transaction begins:
    others may be asked.
    """
    options = client.options
    if options.jwks is not None:
        return list(_registered(orjson.dumps(options.jwks)))
    if options.jwks_uri is None:
        return []
    ctx.stay_out_of_the_transaction()
    asker = client.org_id or client.id
    return list(ctx.ports[PublishedKeys].at(options.jwks_uri, kid, asked_by=asker))


@lru_cache(maxsize=512)
def _registered(jwks: bytes) -> tuple[Key, ...]:
    return keys_of_set(orjson.loads(jwks))
