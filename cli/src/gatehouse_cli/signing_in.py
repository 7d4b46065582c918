"""The three ways to sign in: a browser that leads back here, one elsewhere, and a typed code."""

import os
import secrets
import sys
import time
import webbrowser
from collections.abc import Mapping
from urllib.parse import urlencode

from gatehouse_cli.addresses import origin_of
from gatehouse_cli.callback import Answer, answer_in, listening, nobody_listening
from gatehouse_cli.failures import Failure, Refused, Unreachable
from gatehouse_cli.oauth import CLIENT_ID, SCOPE, OAuthError, Provider, ask, challenge_of
from gatehouse_cli.output import complain, stdout_to_stderr
from gatehouse_cli.store import Tokens
from gatehouse_cli.transport import NO_GATEHOUSE

PATIENCE = 300  # seconds for whoever is in the browser
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SHORTEST = 0.1  # seconds between two polls, whatever the server says
SLOWER = 5  # seconds that slow_down adds (RFC 8628 3.5)


def opens_a_browser(environ: Mapping[str, str], system: str) -> bool:
    """Whether a browser that this machine opens is before the person's eyes."""
    if any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return False
    signs = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    return system == "darwin" or any(environ.get(name) for name in signs)


def by_browser(provider: Provider, asked: Mapping[str, str]) -> Tokens:
    """A browser on this machine, led back to a port of ours."""
    request = _Request(provider, asked)
    with listening(request.state) as callback:
        url = request.url(callback.redirect_uri)
        complain(f"Opening your browser. If it does not open, go to:\n\n  {url}\n")
        with stdout_to_stderr():
            webbrowser.open(url)
        return request.redeem(callback.wait(PATIENCE), callback.redirect_uri)


def by_pasting(provider: Provider, asked: Mapping[str, str]) -> Tokens:
    """A browser anywhere: the person brings back the address at which it ends."""
    request = _Request(provider, asked)
    with nobody_listening() as redirect_uri:
        complain(
            f"Open this address in a browser:\n\n  {request.url(redirect_uri)}\n\n"
            "After you have said yes it is led to a page that does not open. Paste the address"
            " of that page here, or the code in it:"
        )
        pasted = sys.stdin.readline().strip()
        return request.redeem(request.pasted(pasted), redirect_uri)


def by_device(provider: Provider, asked: Mapping[str, str]) -> Tokens:
    """Another device, where a code is typed (RFC 8628)."""
    form = {**asked, "client_id": CLIENT_ID, "scope": SCOPE, "resource": provider.api}
    said = ask(provider.device_authorization_endpoint, form)
    try:
        device_code, user_code = str(said["device_code"]), str(said["user_code"])
        page = str(said.get("verification_uri_complete") or said["verification_uri"])
        # A link has the code in it: then the person only compares (RFC 8628 3.3.1).
        is_linked = bool(said.get("verification_uri_complete"))
        interval, life = max(float(said.get("interval", 5)), SHORTEST), float(said["expires_in"])
    except (KeyError, TypeError, ValueError):
        raise Unreachable(f"{provider.issuer} {NO_GATEHOUSE}") from None
    if origin_of(page) != origin_of(provider.issuer):
        raise Unreachable(f"{provider.issuer} names a page that is somewhere else.")
    what = "This code has to stand there" if is_linked else "and type the code"
    complain(f"Open this address on any device:\n\n  {page}\n\n{what}: {user_code}\n")
    return _polled(provider, device_code, interval, time.monotonic() + life)


def _polled(provider: Provider, device_code: str, interval: float, until: float) -> Tokens:
    """Ask until the person has answered (RFC 8628 3.5). A poll that gets lost is made again."""
    form = {"grant_type": DEVICE_GRANT, "device_code": device_code}
    while time.monotonic() < until:
        time.sleep(interval)
        try:
            return provider.tokens(form)
        except Unreachable:
            interval += SLOWER
        except OAuthError as error:
            match error.type:
                case "authorization_pending":
                    continue
                case "slow_down":
                    interval += SLOWER
                case "access_denied":
                    raise Refused("You were not let in: somebody said no.", error.type) from None
                case "expired_token":
                    break
                case _:
                    raise
    raise Failure("Nobody typed the code in time. Try again: gatehouse login --device")


class _Request:
    """One authorization request, and what belongs to its answer alone (RFC 6749 4.1, RFC 7636)."""

    def __init__(self, provider: Provider, asked: Mapping[str, str]) -> None:
        self._provider, self._asked = provider, asked
        self._verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(32)

    def url(self, redirect_uri: str) -> str:
        query = {
            **self._asked,
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "resource": self._provider.api,
            "state": self.state,
            "code_challenge": challenge_of(self._verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._provider.authorization_endpoint}?{urlencode(query)}"

    def pasted(self, text: str) -> Answer:
        """An address, or the code alone: without our verifier it is worth nothing to others."""
        if not text:
            raise Failure("Nothing was pasted.")
        if "://" not in text and "=" not in text:
            return {"code": text, "iss": self._provider.issuer}
        answer = answer_in(text, self.state)
        if answer is None:
            raise Failure("This address does not answer this sign-in. Try again.")
        return answer

    def redeem(self, answer: Answer, redirect_uri: str) -> Tokens:
        """Raises Failure where the answer is a no, or another server's (RFC 9207 2.4)."""
        if answer.get("iss") != self._provider.issuer:
            raise Failure("Another server answered this sign-in. Nothing was sent to it.")
        if "error" in answer:
            word = answer["error"]
            raise Refused(answer.get("error_description") or word, word)
        return self._provider.tokens(
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": redirect_uri,
                "code_verifier": self._verifier,
            }
        )


def has_browser() -> bool:
    return opens_a_browser(os.environ, sys.platform)
