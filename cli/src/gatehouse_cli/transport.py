"""HTTP as every command uses it: with time-outs, to safe addresses, and failures in words."""

import platform
import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2

from gatehouse_cli import __version__
from gatehouse_cli.addresses import is_this_machine, origin_of
from gatehouse_cli.failures import Lost, Unreachable
from gatehouse_cli.refusals import away

NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9._-]")
PATIENCE = httpx2.Timeout(30, connect=10)
LONGEST = 16 * 1024 * 1024  # bytes of an answer: a list of a million certificates has half of it
OF_THE_WAY = ("content-encoding", "content-length", "transfer-encoding")
ENDLESS = "{origin} answers with more than 16 MiB. Is the address right?"
NO_GATEHOUSE = "does not answer like a Gatehouse. Is the address right?"


def user_agent() -> str:
    """Tells which machine asks: whoever is asked to let it in may see it."""
    system = {"Darwin": "Mac OS X"}.get(platform.system(), platform.system())
    host = NOT_OF_A_NAME.sub("", socket.gethostname())[:64]
    return f"Gatehouse-CLI/{__version__} ({system}; {host})"


def send(
    method: str,
    url: str,
    *,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    patience: httpx2.Timeout = PATIENCE,
) -> httpx2.Response:
    """One request; redirects are not followed: no secret goes where nobody sent it.

    Raises Misused for http to another machine, Lost if no answer comes, Unreachable if it does not
    end.
    """
    origin = origin_of(url)
    # What is on this machine is not asked for by a proxy.
    by_proxy = not is_this_machine(urlsplit(url).hostname or "")
    sent = {"User-Agent": user_agent(), "Accept": "application/json", **(headers or {})}
    try:
        with (
            httpx2.Client(timeout=patience, trust_env=by_proxy) as client,
            client.stream(method, url, json=json, data=form, headers=sent) as answer,
        ):
            return _read(answer)
    except httpx2.TimeoutException:
        raise Lost(f"{origin} did not answer in time.") from None
    except httpx2.HTTPError as error:
        raise Lost(f"{origin} is not reached: {_why(error)}") from None


def _read(answer: httpx2.Response) -> httpx2.Response:
    """The answer with its content, unpacked, as far as anybody has a use for it."""
    content = bytearray()
    for part in answer.iter_bytes():
        content += part
        if len(content) > LONGEST:
            raise Unreachable(ENDLESS.format(origin=origin_of(str(answer.url))))
    kept = [(name, text) for name, text in answer.headers.multi_items() if name not in OF_THE_WAY]
    return httpx2.Response(
        answer.status_code, headers=kept, content=bytes(content), request=answer.request
    )


def answer_of(response: httpx2.Response) -> dict[str, Any]:
    """The JSON of an answer. Raises Unreachable where it is something else."""
    try:
        found = response.json()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        origin = origin_of(str(response.url))
        if response.is_server_error:
            raise Unreachable(away(origin, response.status_code))
        raise Unreachable(f"{origin} {NO_GATEHOUSE} (HTTP {response.status_code})")
    return found


def _why(error: httpx2.HTTPError) -> str:
    """The reason, in one sentence."""
    return f"{str(error).rstrip('.') or type(error).__name__}."
