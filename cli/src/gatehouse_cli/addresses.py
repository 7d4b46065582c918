"""Addresses of servers: https, or http on this machine."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from gatehouse_cli.failures import Misused

REMOTE_HTTP = "goes over the network unprotected. Use https://; http:// is for this machine alone."


def server_address(text: str) -> str:
    """The address of a server as it is written everywhere: a bare name is meant as https.

    Raises Misused for anything that is not a plain address, and for http to another machine.
    """
    text = text.strip()
    parts = split(text if "://" in text else f"https://{text}")
    if parts.username is not None or parts.query or parts.fragment or parts.scheme not in _SCHEMES:
        raise Misused("The address of a server looks like this: https://id.example.com")
    return f"{origin_of(parts.geturl())}{parts.path.rstrip('/')}"


def origin_of(url: str) -> str:
    """Scheme, host and port of an address that secrets may be sent to.

    Raises Misused for http to another machine.
    """
    parts = split(url)
    host = parts.hostname or ""
    if parts.scheme not in _SCHEMES or not host:
        raise Misused(f"{url!r} is no address of a server.")
    if parts.scheme == "http" and not is_this_machine(host):
        raise Misused(f"http://{host} {REMOTE_HTTP}")
    name = f"[{host}]" if ":" in host else host
    is_usual = parts.port in (None, _SCHEMES[parts.scheme])
    return f"{parts.scheme}://{name}" + ("" if is_usual else f":{parts.port}")


def is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_SCHEMES = {"https": 443, "http": 80}


def split(url: str) -> SplitResult:
    """The parts of an address, with a port that is a number."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Misused(f"{url!r} is no address.") from None
    if any(not " " < letter <= "~" for letter in url):
        raise Misused(f"{url!r} is no address.")
    return parts
