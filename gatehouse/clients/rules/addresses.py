"""Addresses that a client names beside its redirect URIs: links, origins, resources, and what we
call for it. Pure.

Each function says what keeps a text from being one, and what would be right; nothing if it is one.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from gatehouse.clients.rules.redirects import SIGNS
from gatehouse.clients.rules.resources import ENCODED, USUAL_PORTS, host_of, normal
from gatehouse.core.addresses import Allowed, schemes_for, target_of

LONGEST = 1024
LONGEST_RESOURCE = 500
# What may be a host: with any other sign it would be more than one in a Content-Security-Policy.
HOST = re.compile(r"[a-z0-9._\-]+|[0-9a-f:.]+")


def link_problem(uri: str) -> str:
    """A page or picture that people are shown (threat 7)."""
    parts = _parts(uri)
    if parts is None or parts.scheme != "https":
        return "Must be an address such as https://app.example.com/about."
    return ""


def called_problem(uri: str, allowed: Sequence[str], *, may_be_here: bool = False) -> str:
    """An address that we call ourselves; what its name stands for is looked at with each call.
    ``may_be_here``: also by plain http on this machine, where an operator allows that.
    """
    schemes = schemes_for(uri, Allowed.read(allowed)) if may_be_here else ("https",)
    try:
        target = target_of(uri, schemes)
    except ValueError as error:
        return f"Must be an https address that can be called. {error}"
    try:
        ip_address(target.host)
    except ValueError:
        return ""
    if not Allowed.read(allowed).admits(target.host, target.host):
        return "Must be an https address that is public."
    return ""


def origin_problem(origin: str) -> str:
    """An origin of pages that read our answers (RFC 6454)."""
    parts = _parts(origin)
    right = "Must be an origin such as https://app.example.com, without a path."
    if parts is None or f"{parts.scheme}://{parts.netloc}" != origin or origin != origin.lower():
        return right
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return ""
    return f"{right} http is for localhost, 127.0.0.1 and [::1]."


def resource_problem(uri: str, own: Sequence[str]) -> str:
    """What tokens may be for (RFC 8707 2): an absolute URI, and nothing of ours."""
    parts = _parts(uri)
    if parts is None or not parts.scheme or len(uri) > LONGEST_RESOURCE:
        return f"Must be an absolute URI of at most {LONGEST_RESOURCE} characters, without a #."
    if parts.scheme in ("http", "https") and not parts.hostname:
        return "Must name a host."
    if parts.scheme in ("javascript", "data", "vbscript", "file", "blob"):
        return "Must be the address of an API, such as https://api.example.com."
    if not _has_one_meaning(uri):
        return "Must have no . or .. in its path, and % before two hexadecimal digits alone."
    if any(_place(uri) == _place(each) for each in own):
        return "Must not be of this service: nobody else gets tokens for it."
    return ""


def network_problem(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        return "Must be an address or a network such as 192.0.2.7 or 192.0.2.0/24."
    return ""


def plain_address(text: str) -> str:
    """The one plain spelling of an IP address; nothing if it is none, or that of one link alone."""
    try:
        return "" if "%" in text else str(ip_address(text))
    except ValueError:
        return ""


def hosts_of(uris: Sequence[str]) -> frozenset[str]:
    """The hosts that these URIs lead to: an empty one for those of a private-use scheme, which any
    program on a device may take (RFC 8252 8.6), whatever stands where a host would.
    """
    return frozenset(map(web_host, uris))


def web_host(uri: str) -> str:
    """The host that an address of the web leads to; nothing for any other."""
    parts = urlsplit(uri)
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


def is_loopback(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


def _has_one_meaning(uri: str) -> bool:
    """Whether everybody who compares it sees the same host and path."""
    path = urlsplit(normal(uri)).path
    is_plain = "%" not in urlsplit(uri).netloc and "%" not in ENCODED.sub("", uri)
    return is_plain and not {".", ".."} & set(path.split("/"))


def _place(uri: str) -> tuple[str, int | None]:
    """Host and port, whatever the scheme; nothing for a usual port."""
    parts = urlsplit(uri)
    port = parts.port
    return host_of(uri), None if port == USUAL_PORTS.get(parts.scheme) else port


def _parts(uri: str) -> SplitResult | None:
    """An absolute URI with one meaning, taken apart."""
    if len(uri) > LONGEST or not SIGNS.fullmatch(uri) or "#" in uri:
        return None
    try:
        parts = urlsplit(uri)
        has_port = parts.port != 0
    except ValueError:
        return None
    is_plain = "@" not in parts.netloc and has_port and uri.partition(":")[0] == parts.scheme
    is_web = parts.scheme in ("http", "https")
    has_host = HOST.fullmatch(parts.hostname or "") is not None
    return parts if is_plain and (has_host or not is_web) else None
