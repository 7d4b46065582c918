"""The REST API, called as the person who signed in, or by the token of the environment."""

import os
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx2

from gatehouse_cli.addresses import origin_of
from gatehouse_cli.answers import Told
from gatehouse_cli.failures import Failure, Misused, NotSignedIn, Refused, StepUpNeeded, Unreachable
from gatehouse_cli.oauth import refreshed
from gatehouse_cli.profiles import Profile, is_meant
from gatehouse_cli.refusals import STEP_UP, TOO_MANY, away, stronger
from gatehouse_cli.store import Store, Tokens, store_of
from gatehouse_cli.transport import NO_GATEHOUSE, answer_of, send

SIGN_IN = "You are not signed in at {server}.\nSign in: gatehouse login"
FOR_ANOTHER = "GATEHOUSE_TOKEN is for another server: GATEHOUSE_SERVER says for which."
OVER = "Your sign-in at {server} is over.\nSign in again: gatehouse login"
UNAUTHORIZED, NOT_FOUND, SERVER_ERROR = 401, 404, 500
MARGIN = 20  # seconds before its end in which an access token is not begun with any more


class NotThere(Failure):
    """There is no such thing: a negative answer."""


class Credential(Protocol):
    """What a call proves with who calls."""

    api: str

    def token(self) -> str: ...

    def renewed(self, refused: str, /) -> str:
        """Another token than the one that was refused. Raises NotSignedIn if there is none."""
        ...


class FromEnvironment:
    """``GATEHOUSE_TOKEN``: the token of a session, or an access token."""

    def __init__(self, token: str, server: str) -> None:
        if not all("!" <= letter <= "~" for letter in token):
            raise Misused("GATEHOUSE_TOKEN is no token: it has letters that none has.")
        self._token, self.api = token, f"{server}/api/v1"

    def token(self) -> str:
        return self._token

    def renewed(self, _refused: str, /) -> str:
        raise NotSignedIn(
            "The server does not take GATEHOUSE_TOKEN: it has ended, or is another's."
        )


class JustGiven:
    """What a sign-in gave a moment ago."""

    def __init__(self, tokens: Tokens) -> None:
        self._token, self.api = tokens.access_token, tokens.api

    def token(self) -> str:
        return self._token

    def renewed(self, _refused: str, /) -> str:
        raise NotSignedIn("The server does not take the token that it gave.")


class FromStore:
    """What ``gatehouse login`` kept. Of several processes one refreshes, and the others read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tokens = self._read()
        self.api = self._tokens.api

    def token(self) -> str:
        if self._tokens.expires_at - MARGIN < time.time():
            return self.renewed(self._tokens.access_token)
        return self._tokens.access_token

    def renewed(self, refused: str, /) -> str:
        with self._store.locked():
            self._tokens = self._read()
            if self._tokens.access_token == refused:
                self._refresh()
        return self._tokens.access_token

    def _refresh(self) -> None:
        try:
            self._tokens = refreshed(self._tokens)
        except NotSignedIn:
            self._store.forget()
            raise
        self._store.write(self._tokens)

    def _read(self) -> Tokens:
        found = self._store.read()
        if found is None:
            raise NotSignedIn(SIGN_IN.format(server=self._store.profile.server))
        return found


def token_of_environment() -> str:
    """``GATEHOUSE_TOKEN``, if there is one."""
    return os.environ.get("GATEHOUSE_TOKEN", "").strip()


def credential_of(profile: Profile) -> Credential:
    """The token of the environment where it is for this server, else the sign-in there.

    Raises NotSignedIn where there is neither.
    """
    token = token_of_environment()
    if token and is_meant(profile.server):
        return FromEnvironment(token, profile.server)
    try:
        return FromStore(store_of(profile))
    except NotSignedIn as failure:
        if token:
            raise NotSignedIn(f"{failure}\n{FOR_ANOTHER}") from None
        raise


class Api:
    """Calls below ``/api/v1``. Each gives the ``data`` of the answer, or raises a Failure."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    @property
    def server(self) -> str:
        """The address that the server knows itself by."""
        return self._credential.api.removesuffix("/api/v1")

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """``query``: what is None in it is left out."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        token = self._credential.token()
        answer = self._send(method, path, body, token)
        if answer.status_code == UNAUTHORIZED and _error_type(answer) not in STEP_UP:
            answer = self._send(method, path, body, self._credential.renewed(token))
        return told_by(answer)

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, token: str
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return send(method, self._credential.api + path, json=body, headers=headers)


def told_by(answer: httpx2.Response) -> Told:
    """The object that the envelope holds, for people's commands. Raises the Failure that it tells
    of.
    """
    found, origin = data_of(answer), origin_of(str(answer.url))
    if not isinstance(found, dict):
        raise Unreachable(f"{origin} {NO_GATEHOUSE}")
    return Told(found, origin)


def data_of(answer: httpx2.Response) -> Any:
    """What the envelope holds. Raises the Failure that it tells of."""
    said = answer_of(answer)
    if answer.is_success and "data" in said:
        return said["data"]
    message = str(said.get("message") or "")
    error = said.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    raise _failure(answer, message, details if isinstance(details, dict) else {})


def _failure(answer: httpx2.Response, message: str, details: Mapping[str, Any]) -> Failure:
    kind, origin = _error_type(answer), origin_of(str(answer.url))
    if kind in STEP_UP:
        return StepUpNeeded(stronger(kind, origin))
    match answer.status_code:
        case status if status == UNAUTHORIZED:
            return NotSignedIn(OVER.format(server=origin))
        case status if status == NOT_FOUND:
            return NotThere(message or "There is no such thing.")
        case status if status == TOO_MANY or status >= SERVER_ERROR or answer.is_success:
            wait = answer.headers.get("Retry-After", "")
            return Unreachable(away(origin, status, kind, message, wait))
    return Refused((message or f"HTTP {answer.status_code}") + _in_words(details), kind, details)


def _error_type(answer: httpx2.Response) -> str:
    error = answer_of(answer).get("error")
    return str(error.get("type", "")) if isinstance(error, dict) else ""


def _in_words(details: Mapping[str, Any]) -> str:
    """What is wrong with which field, and the facts that the message is about."""
    return "".join(
        f"\n  {name}: {_listed(said)}" for name, said in details.items() if _listed(said)
    )


def _listed(said: Any) -> str:
    if isinstance(said, list):
        return " ".join(_listed(one) for one in said)
    return str(said) if isinstance(said, str | int | float) else ""
