"""Assertions: a client proves who it is by signing (RFC 7523 2.2)."""

from hashlib import sha256

from gatehouse.clients.errors import InvalidClient
from gatehouse.clients.queries import KnownClient
from gatehouse.clients.rules.assertions import Assertion, NotAccepted, check_claims
from gatehouse.clients.rules.keys import algorithms_of
from gatehouse.clients.service.keys import keys_of
from gatehouse.clients.service.writing import SEALED_FOR
from gatehouse.core.context import Context
from gatehouse.core.crypto import CannotOpen
from gatehouse.core.jose import (
    Key,
    NotGenuine,
    Parts,
    check_signature,
    read,
    read_of_others,
    secret_key,
)
from gatehouse.core.protocol import Call

BY_SECRET_KEY, BY_PRIVATE_KEY = "client_secret_jwt", "private_key_jwt"
HMACS = ("HS256",)
TYPES = ("", "jwt", "client-authentication+jwt")


def client_id_of(assertion: str) -> str:
    """Whom an assertion claims to be of. Raises InvalidClient."""
    try:
        found = read(assertion).claims.get("sub")
    except NotGenuine:
        raise InvalidClient("unreadable_assertion") from None
    return found if isinstance(found, str) else ""


def check_assertion(
    ctx: Context, call: Call, client: KnownClient, method: str, assertion: str
) -> None:
    """Raise InvalidClient unless the client signed it, for us, and it was never shown before."""
    try:
        found = _read(ctx, call, client, method, assertion)
    except NotAccepted as error:
        raise InvalidClient(str(error), client.client_id) from None
    except NotGenuine:
        raise InvalidClient("assertion_not_genuine", client.client_id) from None
    _use_up(ctx, client, found)


def _read(ctx: Context, call: Call, client: KnownClient, method: str, assertion: str) -> Assertion:
    parts, algorithms = read_of_others(assertion), _algorithms(client, method)
    if parts.typ not in TYPES:
        raise NotAccepted("assertion_of_another_kind")
    if parts.alg not in algorithms:
        raise NotAccepted("assertion_by_another_algorithm")
    check_signature(assertion, parts, _keys(ctx, client, method, parts), algorithms)
    audiences = audiences_of(ctx, call, client)
    return check_claims(parts.claims, client.client_id, audiences, ctx.now.timestamp())


def audiences_of(ctx: Context, call: Call, client: KnownClient) -> frozenset[str]:
    """How an assertion may call us: by our name alone (FAPI 2.0 5.3.2.1), or by the address of an
    endpoint too (RFC 7523 3).
    """
    oidc = ctx.settings.oidc
    if client.options.is_fapi:
        return frozenset({oidc.issuer})
    called = call.environ.get("gatehouse.route", "")
    bases = [base for base in (oidc.issuer, oidc.mtls_url) if base]
    paths = ("/oidc/token", called)
    return frozenset({oidc.issuer, *(f"{base}{path}" for base in bases for path in paths)})


def _algorithms(client: KnownClient, method: str) -> tuple[str, ...]:
    if method == BY_SECRET_KEY:
        return HMACS
    return algorithms_of(client.options, client.options.token_endpoint_auth_signing_alg)


def _keys(ctx: Context, client: KnownClient, method: str, parts: Parts) -> list[Key]:
    if method == BY_PRIVATE_KEY:
        return keys_of(ctx, client, kid=parts.kid)
    return [secret_key(secret) for secret in secrets_of(ctx, client)]


def secrets_of(ctx: Context, client: KnownClient) -> list[bytes]:
    """The living secrets that can be opened: those of a client that signs with one."""
    found = []
    for each in client.living_secrets(ctx.now):
        if "sealed" in each:
            try:
                found.append(ctx.runtime.keyring.open(each["sealed"], SEALED_FOR))
            except CannotOpen:
                continue
    return found


def _use_up(ctx: Context, client: KnownClient, found: Assertion) -> None:
    """Each is good once: of many who show it at the same time, for one."""
    ctx.stay_out_of_the_transaction()
    name = sha256(found.jti.encode(errors="surrogatepass")).hexdigest()
    left = found.exp - ctx.now.timestamp() + 1
    key = f"assertion:{client.id}:{name}"
    if not ctx.runtime.store.put(key, b"", left, only_if_absent=True):
        raise InvalidClient("assertion_used", client.client_id)
