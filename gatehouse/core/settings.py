"""Settings, read once from the environment under the names of ``.env.example`` and then frozen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env

from gatehouse.core.rate_limit import limit_problem

ROOT = Path(__file__).resolve().parents[2]
SECRET_LENGTH = 32
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
BCRYPT_FLOOR = 12


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class SettingsRefused(RuntimeError):
    """The environment holds settings that Gatehouse will not start with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can choose. Durations are seconds unless they are timedeltas."""

    environment: Environment
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    app_url: str
    cors_origins: tuple[str, ...]
    trusted_proxy_hops: int
    registration_enabled: bool
    password_hasher: str
    bcrypt_log_rounds: int
    session_idle_timeout: timedelta
    session_absolute_timeout: timedelta
    session_remember_idle_timeout: timedelta | None
    session_remember_absolute_timeout: timedelta | None
    session_persist_interval: timedelta
    ratelimit_enabled: bool
    ratelimits: Mapping[str, str]
    log_level: str
    log_format: str
    host: str
    port: int
    server_threads: int
    job_name: str
    job_interval_seconds: int
    audit_head_file: str
    audit_retention_days: int

    @property
    def in_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def is_https(self) -> bool:
        return self.app_url.startswith("https://")


def read_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """Read the environment, with ``overrides`` on top.

    In development a ``.env`` file beside ``manage.py`` fills what is not set.
    Raises SettingsRefused, which names every setting that is wrong and what would be right.
    """
    env = _Reader(overrides or {})
    settings = _read(env)
    problems = [
        *env.problems,
        *_invalid(settings),
        *_without_driver(settings),
        *_too_weak(settings, env),
    ]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise SettingsRefused(f"Gatehouse does not start until these settings are right:\n{lines}")
    return settings


def setting_names() -> set[str]:
    """The name of every setting that exists, for the documentation and its test."""
    env = _Reader({"FLASK_ENV": "testing"})
    _read(env)
    return env.names


class _Reader:
    """Environs, plus overrides, plus ``NAME_FILE`` for secrets that are mounted as files."""

    def __init__(self, overrides: Mapping[str, str]) -> None:
        self.names: set[str] = set()
        self.problems: list[str] = []
        self._env = Env()
        self._overrides = overrides
        if self.text("FLASK_ENV", "development") == Environment.DEVELOPMENT:
            self._env.read_env(str(ROOT / ".env"), recurse=False)

    def text(self, name: str, default: str = "") -> str:
        self.names.add(name)
        if name in self._overrides:
            return self._overrides[name].strip()
        if path := self._env.str(f"{name}_FILE", ""):
            return self._content_of(name, path)
        return self._env.str(name, "").strip() or default

    def _content_of(self, name: str, path: str) -> str:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{name}_FILE cannot be read: {error}.")
            return ""

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", text):
            self.problems.append(f"{name} must be a whole number of at most 9 digits.")
            return default
        return int(text)

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name, str(default)).lower()
        if text not in ("true", "1", "yes", "on", "false", "0", "no", "off"):
            self.problems.append(f"{name} must be true or false, not {text!r}.")
            return default
        return text in ("true", "1", "yes", "on")

    def many(self, name: str, default: str = "") -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def duration(self, name: str, default: int) -> timedelta:
        return timedelta(seconds=self.number(name, default))

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        text = self.text(name, choices[0]).lower()
        if text not in choices:
            self.problems.append(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
            return choices[0]
        return text


def _read(env: _Reader) -> Settings:
    environment = Environment(env.choice("FLASK_ENV", tuple(Environment)))
    is_production = environment is Environment.PRODUCTION
    secret = "" if is_production else DEVELOPMENT_SECRET
    port = env.number("PORT", 5000)
    remember_idle = env.number("SESSION_REMEMBER_IDLE_TIMEOUT", 0)
    remember_absolute = env.number("SESSION_REMEMBER_ABSOLUTE_TIMEOUT", 0)
    return Settings(
        environment=environment,
        database_url=_database_url(env.text("DATABASE_URL"), environment),
        redis_url=env.text("REDIS_URL"),
        secret_key=env.text("SECRET_KEY", secret),
        encryption_keys=env.many("ENCRYPTION_KEY", secret),
        app_url=env.text("APP_URL", f"http://localhost:{port}").rstrip("/"),
        cors_origins=env.many("CORS_ORIGINS"),
        trusted_proxy_hops=env.number("TRUSTED_PROXY_HOPS", 0),
        registration_enabled=env.flag("REGISTRATION_ENABLED", default=True),
        password_hasher=env.choice("PASSWORD_HASHER", ("bcrypt", "argon2id")),
        bcrypt_log_rounds=env.number(
            "BCRYPT_LOG_ROUNDS", 4 if environment is Environment.TESTING else BCRYPT_FLOOR
        ),
        session_idle_timeout=env.duration("SESSION_IDLE_TIMEOUT", 900),
        session_absolute_timeout=env.duration("SESSION_ABSOLUTE_TIMEOUT", 28_800),
        session_remember_idle_timeout=timedelta(seconds=remember_idle) or None,
        session_remember_absolute_timeout=timedelta(seconds=remember_absolute) or None,
        session_persist_interval=env.duration("SESSION_PERSIST_INTERVAL", 60),
        ratelimit_enabled=env.flag("RATELIMIT_ENABLED", default=True),
        ratelimits={
            "login": env.text("RATELIMIT_LOGIN", "20/minute;100/hour"),
            "register": env.text("RATELIMIT_REGISTER", "10/minute;50/hour"),
            "api": env.text("RATELIMIT_API", "600/minute"),
        },
        log_level=env.choice("LOG_LEVEL", ("info", "debug", "warning", "error")),
        log_format=env.choice(
            "LOG_FORMAT", ("json", "text") if is_production else ("text", "json")
        ),
        host=env.text("HOST", "127.0.0.1"),
        port=port,
        server_threads=env.number("SERVER_THREADS", 8),
        job_name=env.text("JOB_NAME"),
        job_interval_seconds=env.number("JOB_INTERVAL_SECONDS", 300),
        audit_head_file=env.text("AUDIT_HEAD_FILE"),
        audit_retention_days=env.number("AUDIT_RETENTION_DAYS", 0),
    )


def _database_url(url: str, environment: Environment) -> str:
    """The address for SQLAlchemy, with the driver named, whatever its default is."""
    if not url and environment is not Environment.PRODUCTION:
        name = "gatehouse.db" if environment is Environment.DEVELOPMENT else "testing.db"
        return f"sqlite:///{ROOT / 'instance' / name}"
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _invalid(settings: Settings) -> list[str]:
    problems = []
    if not settings.database_url.startswith(("sqlite://", "postgresql+psycopg://")):
        problems.append("DATABASE_URL must begin with postgresql:// or sqlite:///.")
    if settings.redis_url and not settings.redis_url.startswith(
        ("redis://", "rediss://", "unix://")
    ):
        problems.append("REDIS_URL must begin with redis://, rediss:// or unix://.")
    if not 4 <= settings.bcrypt_log_rounds <= 16:  # noqa: PLR2004 - bcrypt's floor, and 4 s a hash
        problems.append("BCRYPT_LOG_ROUNDS must be between 4 and 16.")
    if not 1 <= settings.server_threads <= 512:  # noqa: PLR2004 - more than any machine can use
        problems.append("SERVER_THREADS must be between 1 and 512.")
    if not timedelta(0) < settings.session_idle_timeout <= settings.session_absolute_timeout:
        problems.append(
            "SESSION_IDLE_TIMEOUT must be above 0 and at most SESSION_ABSOLUTE_TIMEOUT."
        )
    if settings.audit_retention_days > 36_500:  # noqa: PLR2004 - a hundred years
        problems.append("AUDIT_RETENTION_DAYS must be at most 36500; 0 deletes nothing.")
    remember = (settings.session_remember_idle_timeout, settings.session_remember_absolute_timeout)
    if (remember[0] is None) != (remember[1] is None):
        problems.append("SESSION_REMEMBER_IDLE_TIMEOUT and _ABSOLUTE_TIMEOUT go together.")
    if remember[0] and remember[1] and remember[0] > remember[1]:
        problems.append("SESSION_REMEMBER_IDLE_TIMEOUT must be at most _ABSOLUTE_TIMEOUT.")
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
    origin = "/".join(settings.app_url.split("/")[:3])
    if not is_origin(origin) or not re.fullmatch(
        r"[A-Za-z0-9._~/-]*", settings.app_url[len(origin) :]
    ):
        problems.append("APP_URL must be the public http(s) URL of this service.")
    return problems


def _without_driver(settings: Settings) -> list[str]:
    drivers = (
        ("DATABASE_URL", settings.database_url, "psycopg"),
        ("REDIS_URL", settings.redis_url, "hiredis"),
    )
    return [
        f"{name} needs a driver that is not installed: pip install -r requirements/production.txt"
        for name, url, driver in drivers
        if url and not url.startswith("sqlite") and find_spec(driver) is None
    ]


def _too_weak(settings: Settings, env: _Reader) -> list[str]:
    problems = []
    keys = {"SECRET_KEY": (settings.secret_key,), "ENCRYPTION_KEY": settings.encryption_keys}
    for name, values in keys.items():
        if not any(values):
            problems.append(f"{name} is missing. Make one with: openssl rand -hex 32")
        elif any(len(value) < SECRET_LENGTH for value in values):
            problems.append(f"{name} is shorter than {SECRET_LENGTH} characters.")
        elif settings.in_production and any(map(is_well_known, values)):
            problems.append(f"{name} is a well-known value. Make one with: openssl rand -hex 32")
    if not settings.in_production:
        return problems
    if not env.text("DATABASE_URL"):
        problems.append("DATABASE_URL is missing.")
    if not settings.is_https and not is_loopback(_host(settings.app_url)):
        problems.append("APP_URL must be https, unless its host is localhost.")
    if settings.bcrypt_log_rounds < BCRYPT_FLOOR:
        problems.append(f"BCRYPT_LOG_ROUNDS must be at least {BCRYPT_FLOOR} in production.")
    return problems


def is_well_known(secret: str) -> bool:
    """Whether anybody could guess the key: a default, a placeholder, or hardly any variety."""
    text = secret.lower()
    few_characters = 8
    return (
        secret == DEVELOPMENT_SECRET
        or len(set(text)) < few_characters
        or any(word in text for word in WELL_KNOWN)
    )


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


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
