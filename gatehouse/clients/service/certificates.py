"""The certificate that a client showed by TLS to a proxy before us (RFC 8705, RFC 9440)."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from gatehouse.clients.errors import InvalidClient
from gatehouse.clients.queries import KnownClient
from gatehouse.clients.rules import Certificate, is_named, read_certificate
from gatehouse.clients.service.keys import keys_of
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call

SUCCESS = "SUCCESS"


def certificate_of(ctx: Context, call: Call) -> Certificate | None:
    """What the proxy says was shown to it. From anybody else the header is words of a stranger."""
    oidc = ctx.settings.oidc
    if not oidc.cert_header or not _is_proxy(call, oidc.cert_proxies):
        return None
    return read_certificate(call.header(oidc.cert_header) or "")


def check_certificate(ctx: Context, call: Call, client: KnownClient, method: str) -> None:
    """Raise InvalidClient unless the certificate is the client's (RFC 8705 2.1, 2.2)."""
    shown = certificate_of(ctx, call)
    if shown is None:
        raise InvalidClient("no_certificate", client.client_id)
    if not shown.holds_at(ctx.now):
        raise InvalidClient("certificate_expired", client.client_id)
    if method == "tls_client_auth":
        if not _is_verified(ctx, call):
            raise InvalidClient("certificate_not_verified", client.client_id)
        if not is_named(shown, client.options):
            raise InvalidClient("certificate_of_another", client.client_id)
        return
    if not (_is_key_of(ctx, client, shown) or _is_key_of(ctx, client, shown, shown.thumbprint)):
        raise InvalidClient("certificate_of_another", client.client_id)


def _is_key_of(ctx: Context, client: KnownClient, shown: Certificate, kid: str = "") -> bool:
    """Whether the client has this key. With a ``kid`` that is unknown it may be a new one."""
    known = keys_of(ctx, client, kid=kid)
    return any(str(key.jose.thumbprint()) == shown.thumbprint for key in known)


def _is_verified(ctx: Context, call: Call) -> bool:
    """Whether the proxy says that an authority signed it. Without that anybody makes one that
    names whomever they like.
    """
    name = ctx.settings.oidc.cert_verified_header
    return bool(name) and call.header(name) == SUCCESS


def _is_proxy(call: Call, proxies: tuple[str, ...]) -> bool:
    """Whether the peer itself, not whom it speaks for, is a proxy that may say this."""
    try:
        peer = ip_address(call.environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in network for network in _networks(proxies))


@lru_cache(maxsize=16)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in texts)
