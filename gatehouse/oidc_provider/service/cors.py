"""Which pages of other origins may read our answers: those of public clients (Fetch, 3.2)."""

from urllib.parse import urlsplit

from gatehouse.clients.queries import KnownClient
from gatehouse.core.protocol import Call


def allow_origin_of(call: Call, client: KnownClient) -> None:
    """Let a page of the client's own read the answer."""
    origin = call.header("Origin")
    call.allow_origin = origin is not None and origin in origins_of(client)


def origins_of(client: KnownClient) -> frozenset[str]:
    """Those that are named, else those of the redirect URIs of a public client."""
    options = client.options
    if options.allowed_cors_origins:
        return frozenset(options.allowed_cors_origins)
    if not options.is_public:
        return frozenset()
    parts = [urlsplit(uri) for uri in options.redirect_uris]
    return frozenset(
        f"{each.scheme}://{each.netloc}" for each in parts if each.scheme in ("http", "https")
    )
