"""The OAuth side of the server: who it says it is, and the tokens that it gives to this client."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, ClassVar

import httpx2

from gatehouse_cli.addresses import origin_of, server_address
from gatehouse_cli.failures import Lost, Misused, NotSignedIn, Refused, Unreachable
from gatehouse_cli.refusals import TOO_MANY, away
from gatehouse_cli.store import Tokens
from gatehouse_cli.transport import NO_GATEHOUSE, PATIENCE, answer_of, send

CLIENT_ID = "gatehouse-cli"
SCOPE = "openid api offline_access"
API = "/api/v1"
IMPATIENCE = httpx2.Timeout(4)
NEEDED = (
    *("authorization_endpoint", "token_endpoint", "revocation_endpoint"),
    "device_authorization_endpoint",
)


class OAuthError(Refused):
    """What an endpoint of OAuth refuses (RFC 6749 5.2). ``type`` is its ``error``."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A server, as it describes itself (RFC 8414)."""

    issuer: str
    api: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    device_authorization_endpoint: str

    OF: ClassVar[str] = "/.well-known/openid-configuration"

    @classmethod
    def at(cls, server: str) -> "Provider":
        """Ask a server. It has to go by the very name it was asked by, and have all that we use at
        that place (RFC 8414 3.3): else it could pass our codes on to another one, and we
        would not notice (RFC 9700 4.4).
        """
        said = answer_of(send("GET", server + cls.OF))
        issuer = said.get("issuer")
        if not isinstance(issuer, str):
            raise Unreachable(f"{server} {NO_GATEHOUSE}")
        if server_address(issuer) != server:
            raise Misused(f"{server} calls itself {issuer}: use --server {issuer}")
        found = {name: str(said.get(name) or "") for name in NEEDED}
        if not all(found.values()):
            raise Unreachable(f"{server} does not sign in command lines. Is it a Gatehouse?")
        if any(_named(url, server, origin_of) != origin_of(server) for url in found.values()):
            raise Unreachable(f"{server} names endpoints that are somewhere else.")
        return cls(issuer, _api_of(said, server), **found)

    def tokens(self, form: Mapping[str, str]) -> Tokens:
        """What the token endpoint gives. Raises OAuthError if it refuses."""
        none_yet = Tokens(
            server=server_address(self.issuer),
            api=self.api,
            token_endpoint=self.token_endpoint,
            revocation_endpoint=self.revocation_endpoint,
        )
        return _redeemed(none_yet, form)


def _named(url: str, server: str, as_what: Callable[[str], str] = server_address) -> str:
    """An address that a server names. Nobody here called anything in a wrong way: raises
    Unreachable for what is none.
    """
    try:
        return as_what(url)
    except Misused as failure:
        raise Unreachable(f"{server} {NO_GATEHOUSE} ({failure})") from None


def _api_of(said: Mapping[str, Any], server: str) -> str:
    """The REST API, as the server names it (RFC 9728 4). One at another place has to go by the
    same issuer: else a server could have us prove our keys to somebody else's, for its own account.
    """
    own, named = f"{server}{API}", said.get("protected_resources")
    found = _named(str(named[0]), server) if isinstance(named, list) and named else own
    if found != own:
        about = answer_of(send("GET", found.removesuffix(API) + Provider.OF))
        if about.get("issuer") != said["issuer"]:
            raise Unreachable(f"{server} names an API that is not its own: {found}")
    return found


def ask(
    endpoint: str, form: Mapping[str, str], patience: httpx2.Timeout = PATIENCE
) -> dict[str, Any]:
    """Send a form to an endpoint of OAuth.

    Raises OAuthError with its ``error``, Unreachable where the answer is not one.
    """
    answer = send("POST", endpoint, form=form, patience=patience)
    if answer.status_code == TOO_MANY or answer.is_server_error:
        wait = answer.headers.get("Retry-After", "")
        raise Unreachable(away(origin_of(endpoint), answer.status_code, wait=wait))
    said = answer_of(answer)
    if answer.is_success:
        return said
    word = said.get("error")
    if not isinstance(word, str):
        # Something on the way refused it.
        raise Unreachable(f"{origin_of(endpoint)} {NO_GATEHOUSE} (HTTP {answer.status_code})")
    raise OAuthError(str(said.get("error_description") or word), word)


def refreshed(tokens: Tokens) -> Tokens:
    """The tokens that follow these. Raises NotSignedIn if the sign-in is over.

    An answer that gets lost is asked for again at once: the token may be used up by then, and the
    server repeats what it gave for it for ten seconds alone. After that it is a stolen one.
    """
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    try:
        with suppress(Lost):
            return _redeemed(tokens, form, IMPATIENCE)
        return _redeemed(tokens, form)
    except OAuthError as error:
        if error.type != "invalid_grant":
            raise
        raise NotSignedIn("Your sign-in is over.\nSign in again: gatehouse login") from error


def _redeemed(
    tokens: Tokens, form: Mapping[str, str], patience: httpx2.Timeout = PATIENCE
) -> Tokens:
    """These tokens with what the token endpoint gives for the form."""
    whole = {**form, "client_id": CLIENT_ID, "resource": tokens.api}
    said = ask(tokens.token_endpoint, whole, patience)
    try:
        return replace(
            tokens,
            access_token=str(said["access_token"]),
            refresh_token=str(said.get("refresh_token", tokens.refresh_token)),
            expires_at=time.time() + float(said.get("expires_in", 0)),
        )
    except (KeyError, TypeError, ValueError):
        raise Unreachable(f"{tokens.server} {NO_GATEHOUSE}") from None


def revoke(tokens: Tokens) -> None:
    """End what came of a sign-in (RFC 7009)."""
    form = {"token": tokens.refresh_token or tokens.access_token, "client_id": CLIENT_ID}
    answer = send("POST", tokens.revocation_endpoint, form=form)
    if not answer.is_success:
        raise Unreachable(f"{tokens.server} did not end the sign-in (HTTP {answer.status_code}).")


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
