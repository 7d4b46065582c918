"""Who we are and which keys we sign with, for every program and from every origin."""

from hashlib import sha256
from urllib.parse import urlsplit

import orjson
from werkzeug.http import parse_etags

from gatehouse.core.context import Context
from gatehouse.core.errors import NotFound
from gatehouse.core.protocol import Call, Endpoints, Reply
from gatehouse.oidc_provider.service.metadata import metadata
from gatehouse.signing_keys.rules import JWKS_MAX_AGE
from gatehouse.signing_keys.service import known_keys, prepare

discovery = Endpoints("discovery")


@discovery.get("/.well-known/openid-configuration")
def read_configuration(ctx: Context, call: Call) -> Reply:
    """What this provider does (OpenID Connect Discovery 4)."""
    return _public(call, orjson.dumps(metadata(ctx.runtime)))


@discovery.get("/.well-known/oauth-authorization-server")
def read_server_metadata(ctx: Context, call: Call) -> Reply:
    """The same where OAuth looks for it (RFC 8414 3)."""
    return _public(call, orjson.dumps(metadata(ctx.runtime)))


@discovery.get("/.well-known/openid-configuration/<path:behind>")
def read_configuration_of_path(ctx: Context, call: Call, behind: str) -> Reply:
    """The same for an issuer with a path, where RFC 8414 5 has it for OpenID providers."""
    return _of_issuer(ctx, call, behind)


@discovery.get("/.well-known/oauth-authorization-server/<path:behind>")
def read_server_metadata_of_path(ctx: Context, call: Call, behind: str) -> Reply:
    """The same for an issuer with a path, which stands behind the name (RFC 8414 3.1)."""
    return _of_issuer(ctx, call, behind)


@discovery.get("/oidc/jwks")
def read_keys(ctx: Context, call: Call) -> Reply:
    """The public keys (RFC 7517 5): those that sign, those that will, and those that did."""
    prepare(ctx)
    return _public(call, orjson.dumps({"keys": known_keys(ctx.runtime).published}))


def _of_issuer(ctx: Context, call: Call, path: str) -> Reply:
    if urlsplit(ctx.settings.oidc.issuer).path != f"/{path}":
        raise NotFound
    return _public(call, orjson.dumps(metadata(ctx.runtime)))


def _public(call: Call, body: bytes) -> Reply:
    tag = sha256(body).hexdigest()[:16]
    headers = (
        ("Cache-Control", f"public, max-age={JWKS_MAX_AGE}"),
        ("ETag", f'"{tag}"'),
        ("Access-Control-Allow-Origin", "*"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    )
    # Weakly: a proxy that packs an answer makes the tag of ours a weak one (RFC 9110 13.1.2).
    if parse_etags(call.header("If-None-Match")).contains_weak(tag):
        return Reply(None, 304, headers)
    return Reply(body, headers=headers)
