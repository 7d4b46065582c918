"""Everything an operator can choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from gatehouse.core.settings.hosts import is_address_of_machine


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class SettingsRefused(RuntimeError):
    """The environment holds settings that Gatehouse will not start with."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server. ``sender`` is what stands in From."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    use_tls: bool


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long sessions last unused and in all; longer for who wants to be remembered, if at all.

    ``persist_interval`` is how long the cache may go on without writing that one is in use.
    """

    idle: timedelta
    absolute: timedelta
    remember_idle: timedelta | None
    remember_absolute: timedelta | None
    persist_interval: timedelta


@dataclass(frozen=True, slots=True)
class JobSettings:
    """Who runs jobs beside the worker: a loop of the one called ``name``, Celery, or the server."""

    name: str
    interval_seconds: int
    celery_broker_url: str = field(repr=False)
    run_while_serving: bool


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The OpenID provider: the issuer, who may register clients (off, token or open), and whether
    every request must be pushed.

    A proxy in the networks of ``cert_proxies`` puts the certificate that a client showed it into
    ``cert_header``, and SUCCESS into ``cert_verified_header`` if an authority that it trusts signed
    it. ``mtls_url`` is where it asks for certificates, if not at the issuer.
    """

    issuer: str
    registration: str
    require_par: bool = False
    cert_header: str = ""
    cert_proxies: tuple[str, ...] = ()
    cert_verified_header: str = ""
    mtls_url: str = ""


@dataclass(frozen=True, slots=True)
class WebauthnSettings:
    """Whom passkeys are for: ``rp_id`` is a domain, under which browsers keep them, ``rp_name``
    what people read there. They may be used on pages of ``origins``.

    ``attestation_roots`` is a file with the certificates of makers that are believed what model of
    an authenticator they say they have made.
    """

    rp_id: str
    rp_name: str
    origins: tuple[str, ...]
    attestation_roots: Path | None = None

    @property
    def are_possible(self) -> bool:
        """Not where the address of this service is that of a machine, or unsafe."""
        return bool(self.origins) and not is_address_of_machine(self.rp_id)


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Who may read the metrics: with ``token``, or from the networks of ``allow``.

    The processes of one installation share ``folder``, those of another on this machine do not.
    """

    enabled: bool
    token: str = field(repr=False)
    allow: tuple[str, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can choose. Durations are seconds unless they are timedeltas."""

    environment: Environment
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    own_ca_encryption_keys: tuple[str, ...] = field(repr=False)
    service_name: str
    app_url: str
    login_ui_url: str
    translations_dir: Path | None
    oidc: OidcSettings
    webauthn: WebauthnSettings
    cors_origins: tuple[str, ...]
    trusted_proxy_hops: int
    registration_enabled: bool
    require_verified_email: bool
    password_hasher: str
    bcrypt_log_rounds: int
    sessions: SessionTimes
    ratelimit_enabled: bool
    ratelimits: Mapping[str, str]
    log_level: str
    log_format: str
    host: str
    port: int
    server_threads: int
    jobs: JobSettings
    audit_head_file: str
    audit_retention_days: int
    smtp: Smtp
    contact_email: str
    metrics: MetricsSettings
    dns_resolvers: tuple[str, ...]
    outbound_allow: tuple[str, ...]

    @property
    def ca_encryption_keys(self) -> tuple[str, ...]:
        """What seals the keys of SSH certificate authorities."""
        return self.own_ca_encryption_keys or self.encryption_keys

    @property
    def in_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def is_https(self) -> bool:
        return self.app_url.startswith("https://")
