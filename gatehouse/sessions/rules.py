"""When a session ends, and what device it speaks of. Pure."""

import re
from datetime import datetime, timedelta
from ipaddress import ip_network

from gatehouse.core.sayings import _

LARGEST_SLACK = timedelta(seconds=60)

BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python-", "Python"),
    ("Gatehouse", _("Gatehouse command line")),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
# Those of homes and offices, and of providers that share addresses (RFC 1918, 4193, 6598).
PRIVATE = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    )
)
COMMAND_LINE = re.compile(r"Gatehouse-CLI/[\w.+-]{1,32} \([\w .-]{1,32}; ([A-Za-z0-9._-]{1,64})\)")
HANDHELD = ("iPhone", "iPad", "Android")


def slid(now: datetime, idle: timedelta, ends_at: datetime) -> datetime:
    """When a session that is used now expires: the idle time from now, never past its end."""
    return min(now + idle, ends_at)


def slack(idle: timedelta) -> timedelta:
    """How far the stored expiry may lag behind. A session may end that much early, never late."""
    return min(LARGEST_SLACK, idle / 15)


def is_worth_writing(stored: datetime, new: datetime, idle: timedelta) -> bool:
    return new - stored > slack(idle)


def device_of(user_agent: str | None) -> dict[str, str | None]:
    """Browser, system and kind of device, in words, as far as the user agent tells."""
    text = user_agent or ""
    browser = next((name for sign, name in BROWSERS if sign in text), None)
    system = next((name for sign, name in SYSTEMS if sign in text), None)
    kind = None if system is None else "mobile" if system in HANDHELD else "desktop"
    return {"browser": browser, "os": system, "device": kind}


def device_in_words(user_agent: str | None) -> str:
    """What a person would call the device: Firefox on Linux. Our command line tells its machine."""
    device = device_of(user_agent)
    browser, system = device["browser"], device["os"]
    machine = COMMAND_LINE.fullmatch(user_agent or "")
    if machine and system:
        system = f"{system}, {machine[1]}"
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("Unknown device")


def place_in_words(network: str, here: str) -> str:
    """Where a session was opened, from the network of its address; ``here`` is the reader's own."""
    if network == here:
        return _("The network that you are in now")
    try:
        found = ip_network(network)
    except ValueError:  # It came by no network that we know of.
        return _("Unknown place")
    if found.is_loopback:
        return _("The machine of this service")
    if any(found.network_address in each for each in PRIVATE):
        return _("A private network, %(network)s", network=network)
    return _("Another network, %(network)s", network=network)
