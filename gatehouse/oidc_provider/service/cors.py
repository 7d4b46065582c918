"""Which pages of other origins may read our answers: those of public clients (Fetch, 3.2)."""

from functools import lru_cache

from gatehouse.clients.queries import KnownClient
from gatehouse.clients.rules import origin_of
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call
from gatehouse.oidc_provider.service.lines import log_unread


def allow_origin_of(ctx: Context, call: Call, client: KnownClient) -> None:
    """Let a page of the client's own read the answer, and no other: the browser tells that one
    nothing, so the log does.
    """
    origin = call.header("Origin") or ""
    call.allow_origin = origin if origin in origins_of(client) else ""
    if origin and not call.allow_origin:
        log_unread(ctx, client, origin)


def origins_of(client: KnownClient) -> frozenset[str]:
    """Those that are named, else those of the redirect URIs of a public client."""
    options = client.options
    if options.allowed_cors_origins:
        return _origins(options.allowed_cors_origins)
    return _origins(options.redirect_uris) if options.is_public else frozenset()


@lru_cache(maxsize=1024)
def _origins(addresses: tuple[str, ...]) -> frozenset[str]:
    """As browsers write them: what is registered may name a usual port, or a host in capitals."""
    return frozenset(origin_of(each) for each in addresses if each.startswith(("http:", "https:")))
