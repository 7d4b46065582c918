"""The claims of a person, for whoever holds their access token."""

from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, Endpoints, InvalidRequest, OAuthError, Reply
from gatehouse.oidc_provider.errors import InvalidToken
from gatehouse.oidc_provider.service import showing
from gatehouse.oidc_provider.service.cors import allow_origin_of
from gatehouse.oidc_provider.service.proofs import (
    BEARER,
    KEYS,
    binding_with_token,
    challenge_of,
)

userinfo = Endpoints("userinfo")

EVERY_ORIGIN = "*"


@userinfo.any("/oidc/userinfo", "GET", "POST")
def read_userinfo(ctx: Context, call: Call) -> Reply:
    """Say who the person is (OpenID Connect Core 5.3).

    A refusal says nothing of anybody, and whoever is told that a token has ended, or needs a nonce,
    has to be able to read that. It may be a page whose client nobody knows any more.
    """
    call.allow_origin = EVERY_ORIGIN
    try:
        shown = _shown(call)
    except InvalidRequest as error:
        error.headers.append(("WWW-Authenticate", challenge_of(error)))
        raise
    if shown is None:
        challenges = (("WWW-Authenticate", BEARER), ("WWW-Authenticate", KEYS))
        return Reply(None, 401, challenges)
    scheme, token = shown
    try:
        binding = binding_with_token(ctx, call, scheme, token)
        client, claims = showing.userinfo(ctx, token, binding)
    except OAuthError as error:
        error.headers.append(("WWW-Authenticate", challenge_of(error, scheme)))
        raise
    allow_origin_of(ctx, call, client)
    signed = showing.signed_userinfo(ctx, client, claims)
    return Reply(signed, kind="application/jwt") if signed else Reply(claims)


def _shown(call: Call) -> tuple[str, str] | None:
    """The scheme and the token, from one place alone (RFC 6750 2); never from the address."""
    header, posted = call.header("Authorization"), call.sent.get("access_token")
    if header is not None and posted is not None:
        raise InvalidRequest("Send the token in one place.")
    if header is None:
        return ("Bearer", posted) if posted is not None else None
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in ("bearer", "dpop"):
        return None  # What is shown is no token: as if nothing were (RFC 6750 3.1).
    if not token or " " in token:
        raise _malformed()
    return scheme, token


def _malformed() -> InvalidToken:
    error = InvalidToken()
    error.headers.append(("WWW-Authenticate", challenge_of(error)))
    return error
