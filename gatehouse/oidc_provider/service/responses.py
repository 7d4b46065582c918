"""Leading a browser back to a client: one writer for every mode, that always says who we are.

RFC 6749 4.1.2, RFC 9207, OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode, JARM.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.oidc_provider.rules.modes import SIGNED, carrier_of
from gatehouse.oidc_provider.service.tokens import issuer_of
from gatehouse.signing_keys.service import sign

SIGNED_LIFE = 600  # seconds in which a signed answer has to be read (JARM 2.1)


@dataclass(frozen=True, slots=True)
class LedBack:
    """Where a browser goes, and what it takes along. ``fields`` are posted, if there are any, by a
    page in one of the languages that were asked for, ``ui_locales``.
    """

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    ui_locales: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WayBack:
    """The address of a client, in the way in which it wants to hear from us. ``seal`` signs."""

    redirect_uri: str
    mode: str
    state: str | None
    issuer: str
    seal: Callable[[Mapping[str, str]], str]
    ui_locales: tuple[str, ...] = ()

    def with_code(self, code: str) -> LedBack:
        return self._with({"code": code})

    def with_error(self, error: str, description: str) -> LedBack:
        return self._with({"error": error, "error_description": description})

    def _with(self, said: dict[str, str]) -> LedBack:
        if self.state is not None:
            said["state"] = self.state
        said["iss"] = self.issuer
        if self.mode in SIGNED:
            said = {"response": self.seal(said)}
        carrier = carrier_of(self.mode)
        if carrier == "form_post":
            return LedBack(self.redirect_uri, said, self.ui_locales)
        sign = "#" if carrier == "fragment" else "&" if "?" in self.redirect_uri else "?"
        return LedBack(self.redirect_uri + sign + urlencode(said, quote_via=quote))


def way_back_to(
    ctx: Context, client: KnownClient, redirect_uri: str, mode: str, state: str | None
) -> WayBack:
    """The way back to an address that is known to be the client's."""

    def seal(said: Mapping[str, str]) -> str:
        """All that is said, and for whom and how long (JARM 2.1)."""
        expires = int(ctx.now.timestamp()) + SIGNED_LIFE
        claims = {**said, "aud": client.client_id, "exp": expires}
        return sign(ctx.runtime, claims, alg=client.options.authorization_signed_response_alg)

    return WayBack(redirect_uri, mode, state, issuer_of(ctx.runtime), seal)
