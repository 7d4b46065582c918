"""Settings: read once, under the names of ``.env.example``, and refused if they are wrong."""

from collections.abc import Mapping
from hashlib import sha256
from os import environ, getuid
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from gatehouse.core.settings.checks import (
    BCRYPT_FLOOR,
    DEVELOPMENT_SECRET,
    invalid,
    too_weak,
    without_driver,
)
from gatehouse.core.settings.hosts import host_of, is_loopback, is_origin
from gatehouse.core.settings.model import (
    Environment,
    JobSettings,
    MetricsSettings,
    OidcSettings,
    SessionTimes,
    Settings,
    SettingsRefused,
    Smtp,
    WebauthnSettings,
)
from gatehouse.core.settings.passkeys import may_use_passkeys, related_origins
from gatehouse.core.settings.reader import ROOT, Reader
from gatehouse.core.settings.strange import strange_names

DEFAULT_CONTACT = "info@secuird.tech"

__all__ = [
    "DEFAULT_CONTACT",
    "DEVELOPMENT_SECRET",
    "ROOT",
    "Environment",
    "Settings",
    "SettingsRefused",
    "Smtp",
    "is_loopback",
    "is_origin",
    "read_settings",
    "related_origins",
    "setting_names",
    "strange_settings",
]


def read_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """Read the environment, with ``overrides`` on top.

    In development a ``.env`` file beside ``manage.py`` fills what is not set.
    Raises SettingsRefused, which names every setting that is wrong and what would be right.
    """
    env = Reader(overrides or {})
    settings = _read(env)
    problems = [
        *env.problems,
        *invalid(settings),
        *without_driver(settings),
        *too_weak(settings, env),
    ]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise SettingsRefused(f"Gatehouse does not start until these settings are right:\n{lines}")
    return settings


def setting_names() -> set[str]:
    """The name of every setting that exists, for the documentation and its test."""
    env = Reader({"FLASK_ENV": "testing"})
    _read(env)
    return env.names


def strange_settings(settings: Settings) -> list[str]:
    """A line for each name that is set and that nobody reads, with the setting that is nearest."""
    file = ROOT / ".env" if settings.environment is Environment.DEVELOPMENT else None
    return list(strange_names(sorted(setting_names()), environ, file))


def _read(env: Reader) -> Settings:
    environment = Environment(env.choice("FLASK_ENV", tuple(Environment)))
    port = env.number("PORT", 5000)
    app_url = env.text("APP_URL", f"http://localhost:{port}").rstrip("/")
    database_url = _database_url(env.text("DATABASE_URL"), environment)
    return Settings(
        environment=environment,
        database_url=database_url,
        redis_url=env.text("REDIS_URL"),
        **_keys(env, environment),
        service_name=env.text("SERVICE_NAME", "Gatehouse"),
        app_url=app_url,
        login_ui_url=env.text("LOGIN_UI_URL").rstrip("/"),
        translations_dir=_path(env.text("TRANSLATIONS_DIR")),
        oidc=_oidc(env, app_url),
        webauthn=_webauthn(env, app_url),
        cors_origins=env.many("CORS_ORIGINS"),
        trusted_proxy_hops=env.number("TRUSTED_PROXY_HOPS", 0),
        registration_enabled=env.flag("REGISTRATION_ENABLED", default=True),
        require_verified_email=env.flag("REQUIRE_VERIFIED_EMAIL", default=False),
        password_hasher=env.choice("PASSWORD_HASHER", ("bcrypt", "argon2id")),
        bcrypt_log_rounds=env.number("BCRYPT_LOG_ROUNDS", _rounds(environment)),
        sessions=_session_times(env),
        ratelimit_enabled=env.flag("RATELIMIT_ENABLED", default=True),
        ratelimits=_ratelimits(env),
        log_level=env.choice("LOG_LEVEL", ("info", "debug", "warning", "error")),
        log_format=env.choice("LOG_FORMAT", _log_formats(environment)),
        host=env.text("HOST", "127.0.0.1"),
        port=port,
        server_threads=env.number("SERVER_THREADS", 8),
        jobs=_jobs(env, environment),
        audit_head_file=env.text("AUDIT_HEAD_FILE"),
        audit_retention_days=env.number("AUDIT_RETENTION_DAYS", 0),
        smtp=_smtp(env),
        contact_email=env.text("CONTACT_EMAIL", DEFAULT_CONTACT),
        metrics=_metrics(env, environment, installation=f"{ROOT}\n{database_url}\n{port}"),
        dns_resolvers=env.many("DNS_RESOLVERS"),
        outbound_allow=env.many("OUTBOUND_ALLOW"),
    )


def _keys(env: Reader, environment: Environment) -> dict[str, Any]:
    default = "" if environment is Environment.PRODUCTION else DEVELOPMENT_SECRET
    return {
        "secret_key": env.text("SECRET_KEY", default),
        "encryption_keys": env.many("ENCRYPTION_KEY", default),
        "own_ca_encryption_keys": env.many("CA_ENCRYPTION_KEY"),
    }


def _log_formats(environment: Environment) -> tuple[str, str]:
    """The usual one first."""
    return ("json", "text") if environment is Environment.PRODUCTION else ("text", "json")


def _path(path: str) -> Path | None:
    return Path(path).absolute() if path else None


def _rounds(environment: Environment) -> int:
    return 4 if environment is Environment.TESTING else BCRYPT_FLOOR


def _session_times(env: Reader) -> SessionTimes:
    return SessionTimes(
        idle=env.duration("SESSION_IDLE_TIMEOUT", 900),
        absolute=env.duration("SESSION_ABSOLUTE_TIMEOUT", 28_800),
        remember_idle=env.duration("SESSION_REMEMBER_IDLE_TIMEOUT", 0) or None,
        remember_absolute=env.duration("SESSION_REMEMBER_ABSOLUTE_TIMEOUT", 0) or None,
        persist_interval=env.duration("SESSION_PERSIST_INTERVAL", 60),
    )


def _oidc(env: Reader, app_url: str) -> OidcSettings:
    return OidcSettings(
        issuer=env.text("OIDC_ISSUER_URL", app_url).rstrip("/"),
        registration=env.choice("OIDC_REGISTRATION", ("off", "token", "open")),
        require_par=env.flag("OIDC_REQUIRE_PAR", default=False),
        cert_header=env.text("CLIENT_CERT_HEADER"),
        cert_proxies=env.many("CLIENT_CERT_PROXIES"),
        cert_verified_header=env.text("CLIENT_CERT_VERIFIED_HEADER"),
        mtls_url=env.text("MTLS_URL").rstrip("/"),
    )


def _webauthn(env: Reader, app_url: str) -> WebauthnSettings:
    """Passkeys are for our host, and used on our pages and those of the operator."""
    urls = (app_url, env.text("LOGIN_UI_URL"))
    own = ["/".join(url.split("/")[:3]) for url in urls if url]
    own = [origin for origin in own if may_use_passkeys(origin)]
    return WebauthnSettings(
        rp_id=env.text("WEBAUTHN_RP_ID", host_of(app_url)).lower(),
        rp_name=env.text("WEBAUTHN_RP_NAME", env.text("SERVICE_NAME", "Gatehouse")),
        origins=env.many("WEBAUTHN_ORIGIN", ",".join(own)),
        attestation_roots=_path(env.text("WEBAUTHN_ATTESTATION_ROOTS")),
    )


def _jobs(env: Reader, environment: Environment) -> JobSettings:
    is_development = environment is Environment.DEVELOPMENT
    return JobSettings(
        name=env.text("JOB_NAME"),
        interval_seconds=env.number("JOB_INTERVAL_SECONDS", 300),
        celery_broker_url=env.text("CELERY_BROKER_URL") or env.text("REDIS_URL"),
        run_while_serving=env.flag("RUN_JOBS_WHILE_SERVING", default=is_development),
    )


def _metrics(env: Reader, environment: Environment, *, installation: str) -> MetricsSettings:
    ours = f"gatehouse-metrics-{getuid()}-{sha256(installation.encode()).hexdigest()[:12]}"
    return MetricsSettings(
        enabled=env.flag("METRICS_ENABLED", default=environment is not Environment.TESTING),
        token=env.text("METRICS_TOKEN"),
        allow=env.many("METRICS_ALLOW", "127.0.0.0/8,::1"),
        folder=Path(env.text("METRICS_DIR") or Path(gettempdir()) / ours),
    )


def _ratelimits(env: Reader) -> dict[str, str]:
    return {
        "login": env.text("RATELIMIT_LOGIN", "20/minute;100/hour"),
        "register": env.text("RATELIMIT_REGISTER", "10/minute;50/hour"),
        "forgot": env.text("RATELIMIT_FORGOT", "5/minute;20/hour"),
        "reset": env.text("RATELIMIT_RESET", "10/minute;30/hour"),
        "contact": env.text("RATELIMIT_CONTACT", "5/hour"),
        "api": env.text("RATELIMIT_API", "600/minute"),
        "authorize": env.text("RATELIMIT_AUTHORIZE", "300/minute;3000/hour"),
        "client": env.text("RATELIMIT_CLIENT", "60/minute;600/hour"),
        "ssh_sign": env.text("RATELIMIT_SSH_SIGN", "30/minute"),
        "ssh_files": env.text("RATELIMIT_SSH_FILES", "6000/minute"),
        "device": env.text("RATELIMIT_DEVICE", "5/minute;30/hour"),
        "registration": env.text("RATELIMIT_REGISTRATION", "20/hour"),
    }


def _smtp(env: Reader) -> Smtp:
    return Smtp(
        host=env.text("SMTP_HOST"),
        port=env.number("SMTP_PORT", 587),
        user=env.text("SMTP_USER"),
        password=env.text("SMTP_PASSWORD"),
        sender=env.text("SMTP_FROM", "Gatehouse <gatehouse@localhost>"),
        use_tls=env.flag("SMTP_USE_TLS", default=True),
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
