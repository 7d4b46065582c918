"""What callers show to have beside a token: a key (RFC 9449), or a certificate (RFC 8705).

A binding names it: ``jkt:`` and the thumbprint of the key, or ``x5t:`` and that of the
certificate.
"""

from collections.abc import Collection
from hashlib import sha256
from urllib.parse import quote

from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.clients.service import certificate_of
from gatehouse.core.context import Context
from gatehouse.core.jose import ASYMMETRIC, STRONG
from gatehouse.core.protocol import Call, InvalidRequest, OAuthError
from gatehouse.oidc_provider.errors import (
    BoundToKey,
    InvalidDpopProof,
    InvalidToken,
    UseDpopNonce,
)
from gatehouse.oidc_provider.rules.dpop import (
    OLDEST,
    BadProof,
    Proof,
    is_fresh,
    nonce_at,
    read_proof,
)
from gatehouse.oidc_provider.service.tokens import Shown, issuer_of, read_access_token

SCHEME = "dpop"
CLOCKS = 20  # seconds for which a used proof is remembered past its end
UNAUTHORIZED = 401
OF_A_PATH = "/:@!$&'()*+,;="  # what may stand there as it is (RFC 3986 3.3)
BEARER = 'Bearer realm="gatehouse"'
KEYS = f'DPoP realm="gatehouse", algs="{" ".join(ASYMMETRIC)}"'


def binding_of(
    ctx: Context, call: Call, client: KnownClient, access_token: str | None = None
) -> str | None:
    """What the caller of an endpoint for clients shows to have, or None. Before the transaction.

    Raises InvalidDpopProof or InvalidRequest if it is not valid, or if the client must show one.
    """
    options = client.options
    by_certificate = options.tls_client_certificate_bound_access_tokens
    if call.header("DPoP") is not None:
        if by_certificate and not options.dpop_bound_access_tokens:
            raise InvalidRequest("The tokens of this client are bound to its certificate.")
        return f"jkt:{shown_key(ctx, call, client, access_token)}"
    if by_certificate or (options.is_fapi and not options.dpop_bound_access_tokens):
        certificate = certificate_of(ctx, call)
        if certificate is not None:
            return f"x5t:{certificate.x5t}"
    if options.dpop_bound_access_tokens or (options.is_fapi and not by_certificate):
        raise InvalidDpopProof("This client must send a DPoP proof.")
    if by_certificate:
        raise InvalidRequest("This client must show its certificate.")
    return None


def proof_at_par(ctx: Context, call: Call, client: KnownClient) -> str | None:
    """The thumbprint of the key that a pushed request shows, if it does: its code is bound to it as
    by ``dpop_jkt`` (RFC 9449 10.1).
    """
    return shown_key(ctx, call, client) if call.header("DPoP") is not None else None


def shown_key(
    ctx: Context, call: Call, client: KnownClient, access_token: str | None = None
) -> str:
    """The thumbprint of the key that the caller proves to have. Each proof is good once."""
    text = call.header("DPoP")
    if text is None:
        raise InvalidDpopProof("There is no DPoP proof: send one in the header DPoP.")
    if "," in text:  # What servers make of a header that comes twice (RFC 9110 5.3).
        raise InvalidDpopProof("There are several DPoP proofs: send one in one header DPoP.")
    try:
        proof = read_proof(
            text,
            method=call.method,
            urls=_addresses(ctx, call),
            now=ctx.now.timestamp(),
            access_token=access_token,
            algorithms=STRONG if client.options.is_fapi else ASYMMETRIC,
        )
    except BadProof as error:
        raise InvalidDpopProof(f"The DPoP proof is not valid. {error}") from None
    if client.options.dpop_require_nonce:
        secret, now = ctx.settings.secret_key, ctx.now.timestamp()
        # With every answer, so that the next call has one that is fresh.
        call.headers.append(("DPoP-Nonce", nonce_at(secret, now)))
        if not is_fresh(proof.nonce, secret, now):
            raise UseDpopNonce
    _use_up(ctx, call, proof)
    return proof.jkt


def _addresses(ctx: Context, call: Call) -> Collection[str]:
    """The addresses of what is called: its host is of settings, never of what a request says."""
    path = quote(call.environ["PATH_INFO"].encode("latin-1"), safe=OF_A_PATH)
    settings = ctx.settings
    bases = dict.fromkeys((issuer_of(ctx.runtime), settings.app_url, settings.oidc.mtls_url))
    return [f"{base}{path}" for base in bases if base]


def _use_up(ctx: Context, call: Call, proof: Proof) -> None:
    ctx.stay_out_of_the_transaction()
    path = call.environ["gatehouse.route"]
    text = f"{proof.jti}\n{call.method}\n{path}"
    name = sha256(text.encode(errors="surrogatepass")).hexdigest()
    # As long as the most sluggish clock may still take it for new.
    ttl = 2 * OLDEST + CLOCKS
    key = f"dpop:{proof.jkt}:{name}"
    if not ctx.runtime.store.put(key, b"", ttl, only_if_absent=True):
        raise InvalidDpopProof("The DPoP proof is not valid. It was used before.")


def binding_with_token(ctx: Context, call: Call, scheme: str, token: str) -> str | None:
    """The same where a token is shown: with the scheme DPoP there is a proof for that very token.

    Raises InvalidToken, InvalidDpopProof or UseDpopNonce, all of them 401 (RFC 9449 7.1).
    """
    if scheme.lower() != SCHEME:
        certificate = certificate_of(ctx, call)
        return f"x5t:{certificate.x5t}" if certificate else None
    shown = read_access_token(ctx.runtime, token, ctx.now)
    client = find_client(ctx.runtime, str(shown.claims["client_id"])) if shown else None
    if shown is None or client is None:
        raise InvalidToken
    try:
        return f"jkt:{shown_key(ctx, call, client, token)}"
    except (InvalidDpopProof, UseDpopNonce) as error:
        error.code = UNAUTHORIZED
        raise


def check_binding(shown: Shown, binding: str | None) -> None:
    """Raise InvalidToken unless whoever shows the token may: one that is bound needs its own key or
    certificate, and one that is not is nothing to be shown with a proof (RFC 9449 7.1).
    """
    has_proof = (binding or "").startswith("jkt:")
    if shown.binding is None:
        if has_proof:
            raise InvalidToken
    elif shown.binding != binding:
        raise InvalidToken if has_proof or not shown.is_bound_to_key else BoundToKey


def challenge_of(error: OAuthError, scheme: str = "Bearer") -> str:
    """RFC 6750 3, RFC 9449 7.1."""
    said = KEYS if scheme.lower() == SCHEME or isinstance(error, BoundToKey) else BEARER
    said += f', error="{error.error}", error_description="{error.description}"'
    return said + (', scope="openid"' if error.error == "insufficient_scope" else "")
