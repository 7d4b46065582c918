"""The server, called by a machine: by a token once, then by its credential, or by its keys."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import httpx2

from gatehouse_cli.api import UNAUTHORIZED, data_of
from gatehouse_cli.durations import in_words
from gatehouse_cli.failures import Failure, NotSignedIn, Refused, Unreachable
from gatehouse_cli.hosts.failures import KeyRefused, NotGood
from gatehouse_cli.hosts.state import ANEW, State
from gatehouse_cli.refusals import TOO_MANY
from gatehouse_cli.transport import answer_of, send

NOT_MODIFIED, SERVER_ERROR = 304, 500
# A cache on the way may keep what is published for a minute: that is too long.
FRESH = {"Accept": "*/*", "Cache-Control": "no-cache"}
SKEW = 300  # Seconds by which the clocks of server and machine may differ.
NO_KEYS_FOR_HOSTS = {"WEAK_KEY", "UNSUPPORTED_KEY_TYPE"}
REVOKED = "revoked"
CLOCK = "The clock of this machine is {off} {way} the server's. Set it first. The token stays good."


def post(
    server: str, path: str, body: Mapping[str, Any], *, by_clock: bool = False
) -> dict[str, Any]:
    """``by_clock``: only where the clocks of server and machine say the same.

    Raises Refused also for a token that is not good, KeyRefused for a key that is none for hosts,
    or not any more, and NotGood for what is no object.
    """
    answer = send("POST", f"{server}/api/v1/ssh/hosts/{path}", json=body)
    if answer.status_code == UNAUTHORIZED:
        raise Refused(_message(answer))
    try:
        data = data_of(answer)
    except Refused as refused:
        index, reason = (refused.details.get(name) for name in ("index", "reason"))
        is_revoked = reason == REVOKED
        if isinstance(index, int) and (is_revoked or refused.type in NO_KEYS_FOR_HOSTS):
            raise KeyRefused(refused, index, is_revoked=is_revoked) from None
        raise
    if not isinstance(data, dict):
        raise NotGood("The server does not say what this machine needs.")
    if by_clock:
        _compare_clocks(answer.headers.get("Date", ""))
    return data


def synced(state: State, tag: str) -> tuple[Any, str] | None:
    """What this machine shall have, and its tag; None if that is the tag that is here.

    Raises NotSignedIn if the server does not take the credential.
    """
    has = {"krl_version": state.krl_version, "bundle": state.bundle or None}
    query = urlencode({name: value for name, value in has.items() if value is not None})
    url = f"{state.server}/api/v1/ssh/hosts/{state.host_id}/sync?{query}"
    shown = {"Authorization": f"Bearer {state.credential}"}
    answer = send("GET", url, headers=shown | ({"If-None-Match": tag} if tag else {}))
    if answer.status_code == NOT_MODIFIED and tag:
        return None
    if answer.status_code == UNAUTHORIZED:
        raise NotSignedIn(f"{_message(answer)} All stays as it is. {ANEW}")
    return data_of(answer), answer.headers.get("ETag", "")


def fetched(url: str) -> tuple[bytes, str]:
    """A file that is published, and the version that it belongs to.

    Raises Unreachable where the server cannot do it now, NotGood where there is no such file.
    """
    answer = send("GET", url, headers=FRESH)
    status = answer.status_code
    if status >= SERVER_ERROR or status == TOO_MANY:
        raise Unreachable(f"{url} cannot be had now (HTTP {status}).")
    if not answer.is_success:
        raise NotGood(f"{url} is no revocation list (HTTP {status}).")
    return answer.content, answer.headers.get("X-KRL-Version", "")


def _message(answer: httpx2.Response) -> str:
    try:
        return str(answer_of(answer).get("message") or "The server refuses it.")
    except Failure:
        return "The server refuses it."


def _compare_clocks(date: str) -> None:
    """Raises Failure where certificates of now would not be valid here."""
    try:
        ahead = time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return
    if abs(ahead) > SKEW:
        way = "ahead of" if ahead > 0 else "behind"
        raise Failure(CLOCK.format(off=in_words(abs(ahead)), way=way))
