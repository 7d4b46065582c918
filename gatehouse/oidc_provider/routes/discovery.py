"""Who we are and which keys we sign with, for every program and from every origin."""

from hashlib import sha256

import orjson

from gatehouse.core.context import Context
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


@discovery.get("/oidc/jwks")
def read_keys(ctx: Context, call: Call) -> Reply:
    """The public keys (RFC 7517 5): those that sign, those that will, and those that did."""
    prepare(ctx)
    return _public(call, orjson.dumps({"keys": known_keys(ctx.runtime).published}))


def _public(call: Call, body: bytes) -> Reply:
    tag = f'"{sha256(body).hexdigest()[:16]}"'
    headers = (
        ("Cache-Control", f"public, max-age={JWKS_MAX_AGE}"),
        ("ETag", tag),
        ("Access-Control-Allow-Origin", "*"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    )
    if call.header("If-None-Match") == tag:
        return Reply(None, 304, headers)
    return Reply(body, headers=headers)
