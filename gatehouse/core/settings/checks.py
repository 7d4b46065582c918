"""What Gatehouse will not start with: settings that are wrong, or weak in production."""

import re
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url

from gatehouse.core.addresses import Allowed, nameserver_of
from gatehouse.core.catalogs import problems_of
from gatehouse.core.rate_limit import limit_problem
from gatehouse.core.settings.hosts import host_of, is_loopback, is_origin
from gatehouse.core.settings.model import OidcSettings, SessionTimes, Settings
from gatehouse.core.settings.passkeys import problems_of_passkeys
from gatehouse.core.settings.reader import ROOT, Reader

SECRET_LENGTH = 32
SHORTEST_TOKEN = 16
FEWEST_SIGNS = 8
NEW_SECRET = "Make one with: openssl rand -hex 32"  # noqa: S105
DEVELOPMENT_SECRET = "for-development-only-" + "0" * SECRET_LENGTH
WELL_KNOWN = (
    "changeme",
    "change-me",
    "change_me",
    "your-secret",
    "your_secret",
    "example",
    "secret",
)
DATABASES = ("sqlite://", "postgresql+psycopg://")
REDISES = ("redis://", "rediss://", "unix://")
ESCAPED = "In a password write / # ? @ and : as %2F %23 %3F %40 and %3A."
BCRYPT_FLOOR = 12
LAST_PORT = 65_535


def invalid(settings: Settings) -> list[str]:
    problems = unreadable_addresses(settings)
    problems += _out_of_range(settings)
    problems += _wrong_times(settings.sessions)
    problems += [
        f"CORS_ORIGINS must hold origins such as https://app.example.com, not {origin!r}."
        for origin in settings.cors_origins
        if not is_origin(origin)
    ]
    problems += [
        f"RATELIMIT_{name.upper()}: {problem}"
        for name, rules in settings.ratelimits.items()
        if (problem := limit_problem(rules))
    ]
    if not _is_address(settings.app_url):
        problems.append("APP_URL must be the public http(s) URL of this service.")
    if not _is_address(settings.oidc.issuer):
        problems.append("OIDC_ISSUER_URL must be the http(s) URL that applications know us by.")
    if settings.login_ui_url and not _is_address(settings.login_ui_url):
        problems.append("LOGIN_UI_URL must be the http(s) URL of your own sign-in pages, or empty.")
    problems += _wrong_certificates(settings.oidc)
    problems += problems_of_passkeys(settings.webauthn)
    problems += _wrong_translations(settings.translations_dir)
    return [*problems, *without_folder(settings), *unreadable_places(settings)]


def _wrong_translations(folder: Path | None) -> list[str]:
    if folder is None:
        return []
    if not folder.is_dir():
        return [f"TRANSLATIONS_DIR must be a folder with files such as fr.po: {folder} is none."]
    return [f"TRANSLATIONS_DIR: {problem}" for problem in problems_of(folder)]


def _wrong_certificates(oidc: OidcSettings) -> list[str]:
    problems = [
        f"{name} must be the name of a header, such as Client-Cert."
        for name, value in (
            ("CLIENT_CERT_HEADER", oidc.cert_header),
            ("CLIENT_CERT_VERIFIED_HEADER", oidc.cert_verified_header),
        )
        if value and not re.fullmatch(r"[A-Za-z0-9-]{1,100}", value)
    ]
    try:
        for network in oidc.cert_proxies:
            ip_network(network)
    except ValueError as error:
        problems.append(f"CLIENT_CERT_PROXIES must hold networks such as 10.1.0.0/16: {error}.")
    if oidc.cert_header and not oidc.cert_proxies:
        problems.append("CLIENT_CERT_PROXIES must say which proxies may set CLIENT_CERT_HEADER.")
    if oidc.mtls_url and not _is_address(oidc.mtls_url):
        problems.append("MTLS_URL must be the https URL at which clients show certificates.")
    return problems


def unreadable_addresses(settings: Settings) -> list[str]:
    """What makes no address of a server. An address is never repeated: a password is in it."""
    database, redis, problems = settings.database_url, settings.redis_url, []
    # A missing address is told once, below.
    if database and not database.startswith(DATABASES):
        problems.append("DATABASE_URL must begin with postgresql:// or sqlite:///.")
    elif database and not _is_url(make_url, database):
        problems.append(f"DATABASE_URL has no port that is a number behind its host. {ESCAPED}")
    elif "@" in (make_url(database or "sqlite://").host or ""):
        problems.append(f"DATABASE_URL has more than one @ before its host. {ESCAPED}")
    elif database.startswith("sqlite://") and make_url(database).host:
        problems.append("DATABASE_URL names a file after three slashes, four if it begins with /.")
    if redis and not redis.startswith(REDISES):
        problems.append("REDIS_URL must begin with redis://, rediss:// or unix://.")
    elif redis and not _is_url(lambda url: urlsplit(url).port, redis):
        problems.append(f"REDIS_URL has no port that is a number behind its host. {ESCAPED}")
    return problems


def _is_url(read: Callable[[str], object], url: str) -> bool:
    try:
        read(url)
    except ValueError:
        return False
    return True


def without_folder(settings: Settings) -> list[str]:
    """The folder of a SQLite file. Only our own is made when it is not there: another one's name
    may be mistyped, or its disk not be mounted.
    """
    scheme, _, path = settings.database_url.partition("sqlite:///")
    if scheme or not path or path.startswith((":memory:", "file:")):
        return []
    folder = Path(path.partition("?")[0]).absolute().parent
    if folder == ROOT / "instance" or folder.is_dir():
        return []
    return [f"DATABASE_URL names a file in {folder}, which is no folder. Make it, or name another."]


def unreadable_places(settings: Settings) -> list[str]:
    """What is neither a host nor a network, where an operator names hosts and networks."""
    problems = []
    try:
        Allowed.read(settings.outbound_allow)
    except ValueError as error:
        problems.append(f"OUTBOUND_ALLOW must hold hosts or networks such as 10.1.0.0/16: {error}.")
    try:
        for network in settings.metrics.allow:
            ip_network(network)
    except ValueError as error:
        problems.append(f"METRICS_ALLOW must hold networks such as 10.1.0.0/16: {error}.")
    if 0 < len(settings.metrics.token) < SHORTEST_TOKEN:
        problems.append(f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters. {NEW_SECRET}")
    try:
        for server in settings.dns_resolvers:
            nameserver_of(server)
    except ValueError as error:
        problems.append(f"DNS_RESOLVERS must hold addresses such as 192.0.2.53:53: {error}.")
    return problems


def _out_of_range(settings: Settings) -> list[str]:
    problems = []
    if not 4 <= settings.bcrypt_log_rounds <= 16:  # noqa: PLR2004 - bcrypt's floor, and 4 s a hash
        problems.append("BCRYPT_LOG_ROUNDS must be between 4 and 16.")
    if not 1 <= settings.server_threads <= 512:  # noqa: PLR2004 - more than any machine can use
        problems.append("SERVER_THREADS must be between 1 and 512.")
    for name, port in (("PORT", settings.port), ("SMTP_PORT", settings.smtp.port)):
        if not 1 <= port <= LAST_PORT:
            problems.append(f"{name} must be between 1 and {LAST_PORT}.")
    if settings.audit_retention_days > 36_500:  # noqa: PLR2004 - a hundred years
        problems.append("AUDIT_RETENTION_DAYS must be at most 36500; 0 deletes nothing.")
    return problems


def _wrong_times(sessions: SessionTimes) -> list[str]:
    problems = []
    if not timedelta(0) < sessions.idle <= sessions.absolute:
        problems.append(
            "SESSION_IDLE_TIMEOUT must be above 0 and at most SESSION_ABSOLUTE_TIMEOUT."
        )
    idle, absolute = sessions.remember_idle, sessions.remember_absolute
    if (idle is None) != (absolute is None):
        problems.append("SESSION_REMEMBER_IDLE_TIMEOUT and _ABSOLUTE_TIMEOUT go together.")
    if idle and absolute and idle > absolute:
        problems.append("SESSION_REMEMBER_IDLE_TIMEOUT must be at most _ABSOLUTE_TIMEOUT.")
    return problems


def _is_address(url: str) -> bool:
    """Whether ``url`` is an origin, perhaps with a plain path behind it."""
    origin = "/".join(url.split("/")[:3])
    return is_origin(origin) and bool(re.fullmatch(r"[A-Za-z0-9._~/-]*", url[len(origin) :]))


def without_driver(settings: Settings) -> list[str]:
    drivers: tuple[tuple[str, str, str | tuple[str, ...], str], ...] = (
        ("DATABASE_URL", settings.database_url, "postgresql", "psycopg"),
        ("REDIS_URL", settings.redis_url, REDISES, "hiredis"),
    )
    return [
        f"{name} needs a driver that is not installed: pip install -r requirements/production.txt"
        for name, url, schemes, driver in drivers
        if url.startswith(schemes) and find_spec(driver) is None
    ]


def too_weak(settings: Settings, env: Reader) -> list[str]:
    problems = []
    keys = {"SECRET_KEY": (settings.secret_key,), "ENCRYPTION_KEY": settings.encryption_keys}
    if settings.own_ca_encryption_keys:
        keys["CA_ENCRYPTION_KEY"] = settings.own_ca_encryption_keys
    for name, values in keys.items():
        if not any(values):
            problems.append(f"{name} is missing. {NEW_SECRET}")
        elif any(len(value) < SECRET_LENGTH for value in values):
            problems.append(f"{name} is shorter than {SECRET_LENGTH} characters. {NEW_SECRET}")
        elif settings.in_production and any(map(is_well_known, values)):
            problems.append(f"{name} is a well-known value or a placeholder. {NEW_SECRET}")
        elif settings.in_production and any(map(is_monotonous, values)):
            fewest = f"fewer than {FEWEST_SIGNS} different characters"
            problems.append(f"{name} can be guessed: it has {fewest}. {NEW_SECRET}")
    if not settings.in_production:
        return problems
    if not env.text("DATABASE_URL"):
        problems.append(
            "DATABASE_URL is missing. Name a database: postgresql://user:password@host/name"
        )
    problems += [
        f"{name} must be https, unless its host is localhost."
        for name, url in (
            ("APP_URL", settings.app_url),
            ("LOGIN_UI_URL", settings.login_ui_url),
            ("OIDC_ISSUER_URL", settings.oidc.issuer),
            ("MTLS_URL", settings.oidc.mtls_url),
        )
        if url and not url.startswith("https://") and not is_loopback(host_of(url))
    ]
    if settings.bcrypt_log_rounds < BCRYPT_FLOOR:
        problems.append(f"BCRYPT_LOG_ROUNDS must be at least {BCRYPT_FLOOR} in production.")
    return problems


def is_well_known(secret: str) -> bool:
    """Whether anybody knows the key: our default, or a placeholder of somebody's example."""
    return secret == DEVELOPMENT_SECRET or any(word in secret.lower() for word in WELL_KNOWN)


def is_monotonous(secret: str) -> bool:
    """Whether the key has hardly any variety, so that trying finds it."""
    return len(set(secret.lower())) < FEWEST_SIGNS
