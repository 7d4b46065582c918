"""How a client proves who it is at the endpoints that it calls itself (RFC 6749 2.3)."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest
from hmac import new as hmac
from secrets import token_bytes
from time import monotonic
from urllib.parse import unquote_plus

from gatehouse.clients.errors import InvalidClient
from gatehouse.clients.queries import KnownClient, find_client
from gatehouse.clients.rules import holds, sha256_of
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, InvalidRequest

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
BY_SECRET = (BASIC, POST)
LONGEST = 2048
KNOWN_FOR = 600  # seconds for which a secret with a slow hash is known again
# What secrets with slow hashes are known again by: it dies with the process.
PEPPER = token_bytes(32)


@dataclass(frozen=True, slots=True)
class Proven:
    """A client that proved who it is, and how."""

    client: KnownClient
    method: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request offers as a proof."""

    method: str
    client_id: str
    secret: str = ""


def authenticate(ctx: Context, call: Call) -> Proven:
    """The client that calls. Short statements of its own, before any transaction.

    Raises InvalidClient, with one text for whatever is wrong, or InvalidRequest.
    """
    offered = read_credentials(call)
    client = find_client(ctx.runtime, offered.client_id)
    if client is None:
        sha256_of(offered.secret)  # As much work as for one that exists.
        raise InvalidClient("unknown_client", offered.client_id)
    if not client.is_usable:
        raise InvalidClient("switched_off", client.client_id)
    method = client.options.token_endpoint_auth_method
    if offered.method == NONE:
        if method != NONE:
            raise InvalidClient("no_proof", client.client_id)
        return Proven(client, NONE)
    # Basic and post are two places for one secret (RFC 6749 2.3.1).
    if method not in BY_SECRET:
        raise InvalidClient("wrong_method", client.client_id)
    check_secret(client, offered.secret, ctx.now)
    return Proven(client, offered.method)


def read_credentials(call: Call) -> Credentials:
    """What the request offers, in one place alone (RFC 6749 2.3). Raises InvalidRequest."""
    header = call.header("Authorization")
    sent = call.sent
    in_header = header is not None
    in_body = "client_secret" in sent
    if in_header and (in_body or "client_assertion" in sent):
        raise InvalidRequest("Prove who you are in one way, not in two.")
    if header is not None:
        found = _basic(header)
        if "client_id" in sent and sent["client_id"] != found.client_id:
            raise InvalidRequest("The client_id is not that of the Authorization header.")
        return found
    client_id = sent.get("client_id", "")
    if not client_id:
        raise InvalidClient("no_client_id")
    if in_body:
        return Credentials(POST, client_id, sent["client_secret"])
    return Credentials(NONE, client_id)


def _basic(header: str) -> Credentials:
    """RFC 6749 2.3.1: both parts are encoded as in a form, then as RFC 7617 has it."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic" or len(text) > LONGEST:
        raise InvalidClient("wrong_scheme")
    try:
        name, sign, secret = b64decode(text, validate=True).decode().partition(":")
        if not sign:
            raise InvalidClient("no_secret")
        return Credentials(
            BASIC, unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except (ValueError, UnicodeDecodeError):
        raise InvalidClient("unreadable_header") from None


def check_secret(client: KnownClient, secret: str, now: datetime) -> None:
    """Raise InvalidClient unless it is one of the client's living secrets."""
    made = sha256_of(secret)
    for each in client.secrets:
        ends = each.get("expires_at")
        if ends is not None and datetime.fromisoformat(ends) <= now:
            continue
        stored = each["hash"]
        if "$" not in stored and compare_digest(made, stored):
            return
        if "$" in stored and _holds_slowly(secret, stored):
            return
    raise InvalidClient("wrong_secret", client.client_id)


def _holds_slowly(secret: str, stored: str) -> bool:
    """The same for a slow hash; a right secret is known again for a while."""
    name = hmac(PEPPER, f"{stored}\n{secret}".encode(), "sha256").digest()
    known = _right_until()
    if known.get(name, 0) > monotonic():
        return True
    if len(secret) > LONGEST or not holds(secret, stored):
        return False
    if len(known) > LONGEST:
        known.clear()
    known[name] = monotonic() + KNOWN_FOR
    return True


@lru_cache(maxsize=1)
def _right_until() -> dict[bytes, float]:
    return {}
