"""What a browser holds and sends: cookies, the token of a form, where a post and a visit come from.

Plain functions over values: they need no Flask.
"""

import re
from datetime import datetime
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from gatehouse.core.crypto import fingerprint, same
from gatehouse.core.settings import Settings, is_loopback, is_origin

LONGEST_NEXT = 2048
PORTS = {"http": 80, "https": 443}
SEED = re.compile(r"[0-9a-f]{64}")
SALT_LENGTH = 32  # hex digits before the fingerprint, in the token of a form
# Nothing percent-encoded in the path, nothing that is no letter of an address in the query, and
# no control character in any encoding: what a browser could read in two ways is not taken.
LOCAL = re.compile(
    r"/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?)?"
    r"(?:\?(?:[A-Za-z0-9._~!$'()*+,;=:/?&-]|%[0-9A-Fa-f]{2})*)?"
)
ENCODED_CONTROL = re.compile(r"%(?:25)*(?:[01][0-9a-f]|7f)", re.IGNORECASE)

Header = tuple[str, str]
Site = tuple[str, str, int]


def local_path(text: str) -> str:
    """``text`` if it is a path of ours and nothing else, perhaps with a query; else nothing."""
    is_local = len(text) <= LONGEST_NEXT and LOCAL.fullmatch(text)
    return text if is_local and not ENCODED_CONTROL.search(text) else ""


def cookie_name(settings: Settings, what: str = "") -> str:
    """``__Host-`` cookies exist under https only; on a loopback name plain ones do."""
    if settings.is_https:
        return f"__Host-gatehouse-{what}" if what else "__Host-gatehouse"
    return f"gatehouse_{what or 'session'}"


def read_cookie(environ: dict[str, Any], name: str) -> str:
    """The one cookie of this name. None, several or one without a name are as good as none."""
    pairs = (part.strip(" \t").partition("=") for part in environ.get("HTTP_COOKIE", "").split(";"))
    found = [value for key, sign, value in pairs if sign and key == name]
    return found[0] if len(found) == 1 else ""


def set_cookie(settings: Settings, name: str, value: str, *, seconds: int | None = None) -> Header:
    """The header that keeps a cookie: for ``seconds``, else until the browser is closed."""
    secure = "; Secure" if settings.is_https else ""
    age = "" if seconds is None else f"; Max-Age={max(seconds, 0)}"
    return "Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"


def seconds_until(end: datetime | None, now: datetime) -> int | None:
    return None if end is None else int((end - now).total_seconds())


def new_seed() -> str:
    """What a browser is known by before anybody has signed in with it."""
    return token_hex(32)


def is_seed(text: str) -> bool:
    return bool(SEED.fullmatch(text))


def form_token(settings: Settings, holder: str) -> str:
    """A token for a form of ``holder``, a session or a browser. Each time another text, so that
    an answer that a proxy compresses does not give it away bit by bit.
    """
    salt = token_hex(SALT_LENGTH // 2)
    return salt + _signed(settings, salt, holder)


def is_form_token(settings: Settings, holder: str, token: str) -> bool:
    salt = token[:SALT_LENGTH]
    return same(token, salt + _signed(settings, salt, holder))


def _signed(settings: Settings, salt: str, holder: str) -> str:
    return fingerprint(settings.secret_key, "form", f"{salt}:{holder}")


def is_from_our_own_page(environ: dict[str, Any], settings: Settings) -> bool:
    """Whether a page of ours sent this post. Origin says so, else Referer, else Sec-Fetch-Site.

    What counts is APP_URL: the Host header is the sender's own word.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin is None and (referer := environ.get("HTTP_REFERER")) is not None:
        origin = "/".join(referer.split("/")[:3])
    if origin is None:
        return bool(environ.get("HTTP_SEC_FETCH_SITE") == "same-origin")
    return is_origin(origin) and _is_ours(_site(origin), _site(settings.app_url))


def _is_ours(sender: Site, own: Site) -> bool:
    """On one's own machine, localhost and 127.0.0.1 are two names of one place."""
    if sender == own:
        return True
    is_same_door = (sender[0], sender[2]) == (own[0], own[2])
    return is_same_door and is_loopback(own[1]) and is_loopback(sender[1])


def _site(url: str) -> Site:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
