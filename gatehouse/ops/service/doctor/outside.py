"""Checks from the outside: the public URL, its certificate, and what the proxies pass on."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import orjson

from gatehouse.core.addresses import Limits
from gatehouse.core.crypto import same
from gatehouse.core.outbound import AddressRefused, Fetched, NoPublicAddress, NotReached, Outbound
from gatehouse.core.runtime import Runtime
from gatehouse.ops.service.doctor.finding import Finding, fail, ok, warn
from gatehouse.ops.service.doctor.proof import answer_to, make_proof, mark_left

SEEN = "/api/health/seen"
LIMITS = Limits(connect=1.0, read=1.0, total=1.8)
# Addresses of documentation (RFC 5737): nobody calls from there.
FORGED, FORGED_UNDERSCORED = "203.0.113.77", "203.0.113.88"
EXPECTED = ("x-content-type-options", "content-security-policy", "referrer-policy")
ANOTHER = (
    "Give the service and this command the same DATABASE_URL; a path behind three slashes begins in"
    " the folder that each was started in."
)
SOON, VERY_SOON = 21, 7  # days that a certificate is still valid


@dataclass(frozen=True, slots=True)
class Seen:
    """From which address we seem to come, and whether our mark is in the service's database."""

    address: str
    same_database: bool


class NotOurs(Exception):
    """Something answers there, and it does not know SECRET_KEY."""


def public_url(runtime: Runtime) -> Iterator[Finding]:
    url = runtime.settings.app_url
    try:
        answer = _get(runtime, "/api/health/live", {})
        proof = make_proof(runtime.settings.secret_key, datetime.now(UTC))
        with mark_left(runtime, proof) as is_left:
            seen = _seen(runtime, {}, proof)
    except NoPublicAddress:
        how = "Let the name lead to the service from here, too: in the DNS, or in /etc/hosts."
        yield fail("public url", f"{url}: its host cannot be found", how)
        return
    except (AddressRefused, NotReached) as error:
        how = "Start the service, and let APP_URL lead to it from here."
        yield fail("public url", f"{url}: {error}", how)
        return
    except NotOurs:
        how = "Let APP_URL lead to this installation, with this SECRET_KEY and this version."
        yield fail("public url", f"{url} is answered by something else", how)
        return
    if is_left and not seen.same_database:
        yield fail("public url", f"{url} is answered from another database", ANOTHER)
        return
    wanted = [*EXPECTED, *(["strict-transport-security"] if runtime.settings.is_https else [])]
    missing = [name for name in wanted if name not in answer.headers]
    if missing:
        how = "Let the proxy pass on the headers of the service."
        yield warn("public url", f"{url} loses {', '.join(missing)}", how)
    else:
        yield ok("public url", f"{url} is answered by this installation")


def certificate(runtime: Runtime) -> Iterator[Finding]:
    parts = urlsplit(runtime.settings.app_url)
    if parts.scheme != "https":
        yield ok("certificate", "none: APP_URL is http, for this machine alone")
        return
    try:
        ends = _end_of_certificate(parts.hostname or "", parts.port or 443)
    except ssl.SSLError as error:
        how = "Renew it, or correct what the proxy has."
        yield fail("certificate", f"{type(error).__name__}: {error}", how)
        return
    except OSError as error:
        how = "First let APP_URL lead to this installation."
        yield fail("certificate", f"no connection ({error.strerror or error})", how)
        return
    days = (ends - datetime.now(UTC)).days
    says = f"valid for {days} days"
    if days < SOON:
        yield (fail if days < VERY_SOON else warn)("certificate", says, "Renew it.")
    else:
        yield ok("certificate", says)


def proxies(runtime: Runtime) -> Iterator[Finding]:
    """Ask who we seem to be, plainly and with lies in the two spellings of the header."""
    hops = runtime.settings.trusted_proxy_hops
    try:
        proof = make_proof(runtime.settings.secret_key, datetime.now(UTC))
        plain = _seen(runtime, {}, proof).address
        lied = _seen(runtime, {"X-Forwarded-For": FORGED}, proof).address
        underscored = _seen(runtime, {"X_Forwarded_For": FORGED_UNDERSCORED}, proof).address
    except (AddressRefused, NotReached, NotOurs):
        yield warn("proxies", "not known", "First let APP_URL lead to this installation.")
        return
    if FORGED in (lied, plain):
        how = f"Set TRUSTED_PROXY_HOPS to the proxies that append to X-Forwarded-For: not {hops}."
        yield fail("proxies", "a caller can choose the address that is seen", how)
    elif underscored != plain:
        how = "Let the proxy drop header names with an underscore: see docs/operations.md, Servers."
        yield fail("proxies", "X_Forwarded_For passes, so a caller can choose the address", how)
    elif _is_hidden(plain, runtime):
        how = "Set TRUSTED_PROXY_HOPS to the number of proxies that append to X-Forwarded-For."
        yield warn("proxies", f"callers are seen as {plain}, which may be a proxy", how)
    else:
        yield ok("proxies", f"{hops} trusted; this machine is seen as {plain}, lies are not heard")


def _is_hidden(seen: str, runtime: Runtime) -> bool:
    """Whether everybody seems to come from beside the service, although it is not called there."""
    host = urlsplit(runtime.settings.app_url).hostname or ""
    is_local = host == "localhost" or host.startswith("127.") or host == "::1"
    return not is_local and ip_address(seen).is_loopback


def _seen(runtime: Runtime, headers: dict[str, str], proof: str) -> Seen:
    """What the service sees of us. Raises NotOurs or NotReached."""
    secret = runtime.settings.secret_key
    answer = _get(runtime, f"{SEEN}?proof={proof}", headers)
    try:
        data = orjson.loads(answer.body)["data"]
        told = str(data["answer"])
        seen = Seen(str(ip_address(data["address"])), data["same_database"] is True)
    except (ValueError, KeyError, TypeError):
        raise NotOurs from None
    if not same(told, answer_to(secret, proof)):
        raise NotOurs
    return seen


def _get(runtime: Runtime, path: str, headers: dict[str, str]) -> Fetched:
    url = runtime.settings.app_url
    calling = Outbound((urlsplit(url).hostname or "",))
    return calling.send(
        "GET", url + path, headers=headers, schemes=("https", "http"), limits=LIMITS
    )


def _end_of_certificate(host: str, port: int) -> datetime:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=LIMITS.connect) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        found = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
