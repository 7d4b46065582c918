"""Hosts and origins, as settings name them."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_origin(text: str) -> bool:
    """Whether ``text`` is exactly an origin (RFC 6454): scheme, host, perhaps a port."""
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.hostname or ""
    is_name = bool(re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:.]*:[0-9a-f:.]*", host))
    is_bare = text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and is_name and has_port and is_bare


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_address_of_machine(host: str) -> bool:
    """Whether this is an address, not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
