"""How a client proves who it is at the endpoints that it calls itself (RFC 6749 2.3)."""

from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from hmac import new as hmac
from secrets import token_bytes
from time import monotonic

from gatehouse.clients.errors import InvalidClient
from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.clients.rules import holds, sha256_of
from gatehouse.clients.service.assertions import (
    BY_PRIVATE_KEY,
    BY_SECRET_KEY,
    check_assertion,
)
from gatehouse.clients.service.certificates import check_certificate
from gatehouse.clients.service.credentials import (
    ASSERTION,
    BASIC,
    LONGEST,
    NONE,
    POST,
    Credentials,
    read_credentials,
)
from gatehouse.clients.service.limits import (
    log_refused,
    note_failure,
    refuse_address,
    refuse_whoever_failed_often,
)
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, InvalidRequest

BY_TLS = ("tls_client_auth", "self_signed_tls_client_auth")
# What a client may offer, by the method that was chosen for it. A certificate comes by TLS, beside
# a bare client_id.
TAKES = {
    NONE: (NONE,),
    BASIC: (BASIC,),
    POST: (POST,),
    BY_SECRET_KEY: (ASSERTION,),
    BY_PRIVATE_KEY: (ASSERTION,),
    **dict.fromkeys(BY_TLS, (NONE,)),
}
# Basic and post are two places for one secret (RFC 6749 2.3.1): for whom nothing was chosen.
EITHER = (BASIC, POST)
OF_FAPI = (BY_PRIVATE_KEY, *BY_TLS)  # FAPI 2.0 5.3.2.1
KNOWN_FOR = 600  # seconds for which a secret with a slow hash is known again
# What secrets with slow hashes are known again by: it dies with the process.
PEPPER = token_bytes(32)


@dataclass(frozen=True, slots=True)
class Proven:
    """A client that proved who it is, and how."""

    client: KnownClient
    method: str


def authenticate(ctx: Context, call: Call, *, needs_proof: bool = False) -> Proven:
    """The client that calls. Short statements of its own, before any transaction. Who has no
    secret is let in by their name alone, but for where there ``needs_proof``.

    Raises InvalidClient, with one text for whatever is wrong, or InvalidRequest; TooManyRequests
    where somebody failed too often.
    """
    try:
        offered = read_credentials(call)
        proven = _proven(ctx, call, offered, needs_proof=needs_proof)
        refuse_address(ctx, proven.client)
    except InvalidClient as refused:
        note_failure(ctx, refused)
        raise
    except InvalidRequest as refused:
        log_refused(ctx, call.sent.get("client_id", ""), refused.description)
        raise
    return proven


def _proven(ctx: Context, call: Call, offered: Credentials, *, needs_proof: bool) -> Proven:
    client = find_client(ctx.runtime, offered.client_id)
    if client is None:
        sha256_of(offered.proof)  # As much work as for one that exists.
        raise InvalidClient("unknown_client", offered.client_id)
    if not client.is_usable:
        raise InvalidClient("switched_off", client.client_id)
    method = client.options.token_endpoint_auth_method
    takes = TAKES.get(method, ()) if client.chose_its_method or client.is_built_in else EITHER
    if offered.kind not in takes or (needs_proof and method == NONE):
        reason = "no_proof" if offered.kind == NONE else "wrong_method"
        raise InvalidClient(reason, client.client_id)
    if client.options.is_fapi and method not in OF_FAPI:
        raise InvalidClient("wrong_method", client.client_id)
    if offered.kind == ASSERTION:
        check_assertion(ctx, call, client, method, offered.proof)
    elif method in BY_TLS:
        check_certificate(ctx, call, client, method)
    elif offered.kind != NONE:
        check_secret(ctx, client, offered.proof)
        return Proven(client, offered.kind)
    return Proven(client, method)


def check_secret(ctx: Context, client: KnownClient, secret: str) -> None:
    """Raise InvalidClient unless it is one of the client's living secrets."""
    made = sha256_of(secret)
    for each in client.living_secrets(ctx.now):
        stored = each["hash"]
        if "$" not in stored and compare_digest(made, stored):
            return
        if "$" in stored and _holds_slowly(ctx, secret, stored):
            return
    raise InvalidClient("wrong_secret", client.client_id)


def _holds_slowly(ctx: Context, secret: str, stored: str) -> bool:
    """The same for a slow hash; a right secret is known again for a while."""
    name = hmac(PEPPER, f"{stored}\n{secret}".encode(), "sha256").digest()
    known = _right_until()
    if known.get(name, 0) > monotonic():
        return True
    refuse_whoever_failed_often(ctx)
    if len(secret) > LONGEST or not holds(secret, stored):
        return False
    if len(known) > LONGEST:
        known.clear()
    known[name] = monotonic() + KNOWN_FOR
    return True


@lru_cache(maxsize=1)
def _right_until() -> dict[bytes, float]:
    return {}
