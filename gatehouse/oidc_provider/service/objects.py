"""Request objects: a request that the client signed (RFC 9101, OpenID Connect Core 6.1)."""

from collections.abc import Mapping
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
# Parameters that are text (RFC 9101 4), and those that are not.
TEXTS = frozenset(
    {
        *("client_id", "response_type", "redirect_uri", "scope", "state", "nonce"),
        *("response_mode", "prompt", "display", "acr_values", "ui_locales", "claims_locales"),
        *("login_hint", "id_token_hint", "code_challenge", "code_challenge_method"),
        *("dpop_jkt", "organization"),
    }
)
KINDS: Mapping[str, type] = {
    "max_age": int,
    "claims": dict,
    "registration": dict,
    "authorization_details": list,
}

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
    """Claims as a form would have them: what is JSON in JSON becomes the text of JSON (RFC 9101 4).
    What we do not know is left out (RFC 6749 3.1).
    """
    sent: dict[str, str] = {}
    several: dict[str, list[str]] = {"resource": [], "audience": []}
    for name, value in claims.items():
        if name in several:
            listed = value if isinstance(value, list) else [value]
            several[name] = [_text(each) for each in listed]
        elif name in KINDS:
            sent[name] = _written(name, value)
        elif name in TEXTS and (text := _text(value)):
            sent[name] = text
    return sent, several


def _written(name: str, value: object) -> str:
    """A parameter that is no text, of the one kind that it may have."""
    if not isinstance(value, KINDS[name]) or isinstance(value, bool):
        raise InvalidRequestObject(f"The parameter {name} in it is of the wrong type.")
    return orjson.dumps(value).decode()


def _text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise InvalidRequestObject("A parameter in it is of the wrong type.")
    return value
