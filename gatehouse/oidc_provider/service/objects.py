"""Request objects: a request that the client signed (RFC 9101, OpenID Connect Core 6.1)."""

from typing import Any

import orjson

from gatehouse.clients.queries import KnownClient
from gatehouse.clients.rules.keys import algorithms_of
from gatehouse.clients.service.keys import keys_of
from gatehouse.core import jose
from gatehouse.core.context import Context
from gatehouse.core.jose import NotGenuine, is_number
from gatehouse.oidc_provider.errors import InvalidRequestObject, RequestNotSupported
from gatehouse.oidc_provider.service.tokens import issuer_of

SIGNED_BY = jose.ASYMMETRIC
TYPES = ("oauth-authz-req+jwt", "jwt", "")
LONGEST_LIFE = 3600  # seconds (FAPI 2.0 Message Signing 5.3.1)
# What says whose the object is and how long it counts; the rest are parameters.
ABOUT = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})

Parameters = tuple[dict[str, str], dict[str, list[str]]]


def open_object(ctx: Context, client: KnownClient, token: str) -> Parameters:
    """The parameters of a signed request. Those beside it count for nothing (RFC 9101 6.3).

    Raises InvalidRequestObject, or RequestNotSupported for a client that has no keys.
    """
    options = client.options
    if options.jwks is None and options.jwks_uri is None:
        raise RequestNotSupported
    try:
        parts = jose.read_of_others(token)
        keys = keys_of(ctx, client, kid=parts.kid)
        algorithms = algorithms_of(options, options.request_object_signing_alg)
        jose.check_signature(token, parts, keys, algorithms)
    except NotGenuine as error:
        raise InvalidRequestObject(f"The request object is not valid. {error}") from None
    if parts.typ not in TYPES:
        raise InvalidRequestObject("It is a token of another kind.")
    _check_claims(ctx, client, parts.claims)
    sent, several = _parameters(parts.claims)
    return {**sent, "client_id": client.client_id}, several


def _check_claims(ctx: Context, client: KnownClient, claims: dict[str, Any]) -> None:
    """From the client, for us, and only for a while (RFC 9101 4, 10.2)."""
    audience = claims.get("aud")
    aud = [audience] if isinstance(audience, str) else audience
    if claims.get("iss") != client.client_id:
        raise InvalidRequestObject("Its iss is not the client.")
    if not isinstance(aud, list) or issuer_of(ctx.runtime) not in aud:
        raise InvalidRequestObject("Its aud is not our issuer.")
    if claims.get("client_id", client.client_id) != client.client_id:
        raise InvalidRequestObject("Its client_id is another.")
    if claims.get("sub") == client.client_id:
        raise InvalidRequestObject("It is a proof of the client, and no request.")  # 10.8
    if claims.keys() & {"request", "request_uri"}:
        raise InvalidRequestObject("It holds another request.")
    _check_times(claims, ctx.now.timestamp(), is_strict=client.options.profile == "fapi2")


def _check_times(claims: dict[str, Any], now: float, *, is_strict: bool) -> None:
    expires, begins = claims.get("exp"), claims.get("nbf", None if is_strict else int(now))
    issued = claims.get("iat", 0)
    if not (is_number(expires) and is_number(begins) and is_number(issued)):
        raise InvalidRequestObject("Its exp, nbf or iat is missing, or no number.")
    if now >= int(str(expires)):
        raise InvalidRequestObject("It has expired.")
    if max(int(str(begins)), int(str(issued))) > now + jose.SKEW:
        raise InvalidRequestObject("It is not valid yet.")
    if int(str(expires)) - int(str(begins)) > LONGEST_LIFE + jose.SKEW:
        raise InvalidRequestObject("It is valid for more than an hour.")


def _parameters(claims: dict[str, Any]) -> Parameters:
    """Claims as a form would have them: what is JSON in JSON stays the text of JSON."""
    sent: dict[str, str] = {}
    several: dict[str, list[str]] = {"resource": [], "audience": []}
    for name, value in claims.items():
        if name in ABOUT:
            continue
        if name in several:
            listed = value if isinstance(value, list) else [value]
            several[name] = [_text(each) for each in listed]
        elif isinstance(value, dict) or (name == "authorization_details" and value):
            sent[name] = value if isinstance(value, str) else orjson.dumps(value).decode()
        elif text := _text(value):
            sent[name] = text
    return sent, several


def _text(value: object) -> str:
    if is_number(value):
        return str(value)
    if not isinstance(value, str) or "\x00" in value:
        raise InvalidRequestObject("A parameter in it is of the wrong type.")
    return value
