"""The names of resources: when two are one, and which of them a client names (RFC 8707). Pure."""

import re
from string import ascii_letters, digits
from urllib.parse import urlsplit

from gatehouse.clients.rules.options import Options

USUAL_PORTS = {"http": 80, "https": 443}
UNRESERVED = frozenset(ascii_letters + digits + "-._~")
ENCODED = re.compile("%([0-9A-Fa-f]{2})")


def is_uri(name: str) -> bool:
    """Whether it is the name of a resource, and not that of a client."""
    return ":" in name


def normal(uri: str) -> str:
    """The form in which names are compared (RFC 3986 6.2.2, 6.2.3). A slash at the end makes no
    other resource.
    """
    parts, place = urlsplit(uri), _place_of(uri)
    path, query = _plain(parts.path).rstrip("/"), _plain(parts.query)
    return f"{parts.scheme}:{place}{path}" + (f"?{query}" if query else "")


def origin_of(uri: str) -> str:
    """The origin of an address of the web, as browsers write it (RFC 6454 6.2)."""
    return f"{urlsplit(uri).scheme}:{_place_of(uri)}"


def _place_of(uri: str) -> str:
    """Host and port behind two slashes: in small letters, and without a usual port."""
    parts, host = urlsplit(uri), host_of(uri)
    port = "" if parts.port in (None, USUAL_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"//[{host}]{port}" if ":" in host else f"//{host}{port}" if host else ""


def host_of(uri: str) -> str:
    return (urlsplit(uri).hostname or "").rstrip(".")


def domains_over(uri: str) -> tuple[str, ...]:
    """The domains that its host lies in, the nearest first."""
    labels = host_of(uri).split(".")
    return tuple(".".join(labels[place:]) for place in range(len(labels) - 1))


def served(options: Options) -> frozenset[str]:
    """What the client is the server of, in normal form."""
    return frozenset(map(normal, options.audiences))


def named(options: Options) -> frozenset[str]:
    """All resources that the client names, in normal form: each belongs to its organization."""
    asked = (*options.resources, *exchanged(options))
    return served(options) | frozenset(normal(name) for name in asked if is_uri(name))


def exchanged(options: Options) -> tuple[str, ...]:
    """What it may exchange tokens for: resources, and clients."""
    return tuple((options.token_exchange_policy or {}).get("audiences", ()))


def _plain(text: str) -> str:
    """With nothing encoded that need not be, and the rest in capitals."""
    return ENCODED.sub(lambda found: _sign(found[1]), text)


def _sign(digits_of_it: str) -> str:
    sign = chr(int(digits_of_it, 16))
    return sign if sign in UNRESERVED else f"%{digits_of_it.upper()}"
