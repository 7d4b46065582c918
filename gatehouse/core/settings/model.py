"""Everything an operator can choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from os import getuid
from pathlib import Path
from tempfile import gettempdir

from gatehouse.core.settings.reader import ROOT


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
class Settings:
    """Everything an operator can choose. Durations are seconds unless they are timedeltas."""

    environment: Environment
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    service_name: str
    app_url: str
    login_ui_url: str
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
    celery_broker_url: str = field(repr=False)
    audit_head_file: str
    audit_retention_days: int
    smtp: Smtp
    contact_email: str
    metrics_enabled: bool
    metrics_token: str = field(repr=False)
    metrics_allow: tuple[str, ...]
    metrics_dir: str
    dns_resolvers: tuple[str, ...]
    outbound_allow: tuple[str, ...]
    run_jobs_while_serving: bool

    @property
    def in_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def metrics_folder(self) -> Path:
        """The processes of one installation share it, those of another on this machine do not."""
        if self.metrics_dir:
            return Path(self.metrics_dir)
        ours = sha256(f"{ROOT}\n{self.database_url}\n{self.port}".encode()).hexdigest()[:12]
        return Path(gettempdir()) / f"gatehouse-metrics-{getuid()}-{ours}"

    @property
    def is_https(self) -> bool:
        return self.app_url.startswith("https://")
