"""The claims of a person, for whoever holds their access token."""

from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, Endpoints, InvalidRequest, OAuthError, Reply
from gatehouse.oidc_provider.errors import InvalidToken
from gatehouse.oidc_provider.service import showing
from gatehouse.oidc_provider.service.cors import allow_origin_of

userinfo = Endpoints("userinfo")


@userinfo.any("/oidc/userinfo", "GET", "POST")
def read_userinfo(ctx: Context, call: Call) -> Reply:
    """Say who the person is (OpenID Connect Core 5.3)."""
    token = _token(call)
    if token is None:
        challenge = (("WWW-Authenticate", 'Bearer realm="gatehouse"'),)
        return Reply(None, 401, challenge)
    try:
        client, claims = showing.userinfo(ctx, token, None)
    except OAuthError as error:
        error.headers.append(("WWW-Authenticate", challenge_of(error)))
        raise
    allow_origin_of(call, client)
    return Reply(claims)


def _token(call: Call) -> str | None:
    """The token, from one place alone (RFC 6750 2); never from the address."""
    header, posted = call.header("Authorization"), call.sent.get("access_token")
    if header is not None and posted is not None:
        raise InvalidRequest("Send the token in one place.")
    if header is None:
        return posted
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or " " in token:
        raise _malformed()
    return token


def _malformed() -> InvalidToken:
    error = InvalidToken()
    error.headers.append(("WWW-Authenticate", challenge_of(error)))
    return error


def challenge_of(error: OAuthError) -> str:
    """RFC 6750 3."""
    said = f'Bearer realm="gatehouse", error="{error.error}"'
    said += f', error_description="{error.description}"'
    return said + (', scope="openid"' if error.error == "insufficient_scope" else "")
