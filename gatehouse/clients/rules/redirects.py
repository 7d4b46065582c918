"""Redirect URIs: which may be registered, and which one of a request is registered. Pure.

RFC 6749 3.1.2, RFC 8252 7, RFC 9700 2.1. What is compared is the text, never what it may mean.
"""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

from gatehouse.clients.rules.resources import ENCODED

LONGEST = 1024
LONGEST_HOST = 253  # RFC 1035 2.3.4
SIGNS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986 2
HOST = re.compile(r"[a-z0-9.\-]+|[0-9a-f:.]+")
# Of a private-use scheme RFC 8252 7.1 wants a domain name, turned round.
PRIVATE = re.compile(r"[a-z][a-z0-9+\-]*(\.[a-z0-9+\-]+)+")
# What an answer adds to an address of the client (RFC 6749 4.1.2, RFC 9207 2, JARM 2.3, OpenID
# Connect Session Management 2), and what the end of a sign-out adds to another one.
OF_ANSWERS = frozenset(
    {
        *("code", "state", "iss", "error", "error_description", "error_uri", "response"),
        "session_state",
    }
)
OF_SIGNING_OUT = frozenset({"state"})
ANY_PORT = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?((?:/.*)?)", re.DOTALL)


def redirect_problem(  # noqa: PLR0911 - a list
    uri: str, application_type: str, added: Collection[str] = OF_ANSWERS
) -> str:
    """What keeps this from being a redirect URI, in words; nothing if nothing does. ``added`` are
    the names that we append to its query.
    """
    if says := _spelling_problem(uri):
        return says
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "Must be a URI such as https://app.example.com/callback."
    if "@" in parts.netloc or "\\" in uri:
        return "Must hold no user name."
    if uri.partition(":")[0] != parts.scheme:
        return "Must have a scheme in small letters."
    path = parts.path.lower().replace("%2e", ".")
    if any(part in (".", "..") for part in path.replace("%2f", "/").split("/")) or "%25" in path:
        return "Must have a path without dots that lead elsewhere."
    if taken := added & dict(parse_qsl(parts.query, keep_blank_values=True)).keys():
        return f"Must not have {min(taken)} in its query: the answer adds it."
    if parts.scheme in ("http", "https"):
        return _web_problem(parts.scheme, parts.hostname or "", port)
    return _private_problem(parts.scheme, application_type)


def _spelling_problem(uri: str) -> str:
    if len(uri) > LONGEST or not SIGNS.fullmatch(uri):
        return f"Must be a URI of at most {LONGEST} characters, without blanks (RFC 3986)."
    if "%" in ENCODED.sub("", uri):
        return "Must have % before two hexadecimal digits alone, such as %20 (RFC 3986 2.1)."
    if "#" in uri:
        return "Must have no fragment (RFC 6749 3.1.2)."
    return "Must name one address: there are no wildcards." if "*" in uri else ""


def _web_problem(scheme: str, host: str, port: int | None) -> str:
    if port == 0 or not HOST.fullmatch(host):
        return "Must name a host in small letters; other scripts in their ASCII form (xn--)."
    if len(host) > LONGEST_HOST:
        return f"Must name a host of at most {LONGEST_HOST} characters."
    if host.endswith("."):
        return "Must name a host without a dot at its end."
    is_loopback = host in ("localhost", "127.0.0.1", "::1")
    if scheme == "http" and not is_loopback:
        return "Must be https; http is for localhost, 127.0.0.1 and [::1]."
    return ""


def _private_problem(scheme: str, application_type: str) -> str:
    if application_type != "native":
        return "Must be https, or http for localhost; other schemes are for native applications."
    if not PRIVATE.fullmatch(scheme):
        return "Must have a scheme such as com.example.app (RFC 8252 7.1)."
    return ""


def redirect_matches(asked: str, registered: tuple[str, ...], application_type: str) -> bool:
    """Whether ``asked`` is registered, letter by letter; the port of a native application's
    loopback address alone is free (RFC 8252 7.3).
    """
    if asked in registered:
        return True
    if application_type != "native":
        return False
    found = ANY_PORT.fullmatch(asked)
    if found is None or redirect_problem(asked, application_type):
        return False
    others = (ANY_PORT.fullmatch(uri) for uri in registered)
    return any(other is not None and other.groups() == found.groups() for other in others)
