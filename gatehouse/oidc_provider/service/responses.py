"""Leading a browser back to a client: one writer for every mode, that always says who we are.

RFC 6749 4.1.2, RFC 9207, OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True, slots=True)
class LedBack:
    """Where a browser goes, and what it takes along. ``fields`` are posted, if there are any."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WayBack:
    """The address of a client, in the way in which it wants to hear from us."""

    redirect_uri: str
    mode: str
    state: str | None
    issuer: str

    def with_code(self, code: str) -> LedBack:
        return self._with({"code": code})

    def with_error(self, error: str, description: str) -> LedBack:
        return self._with({"error": error, "error_description": description})

    def _with(self, said: dict[str, str]) -> LedBack:
        if self.state is not None:
            said["state"] = self.state
        said["iss"] = self.issuer
        if self.mode == "form_post":
            return LedBack(self.redirect_uri, said)
        sign = "#" if self.mode == "fragment" else "&" if "?" in self.redirect_uri else "?"
        return LedBack(self.redirect_uri + sign + urlencode(said, quote_via=quote))
