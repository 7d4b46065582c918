"""Checks of what is ours: settings, keys, database, Redis, mail, messages and jobs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from platform import python_version
from smtplib import SMTPException
from time import perf_counter

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gatehouse import __version__
from gatehouse.core.causes import cause_of, remedy_for
from gatehouse.core.context import Context
from gatehouse.core.crypto import key_id
from gatehouse.core.db import missing_file
from gatehouse.core.redis_link import RedisAway
from gatehouse.core.runtime import Runtime
from gatehouse.core.schema import REMEDIES, Schema, our_revisions, schema_of
from gatehouse.core.settings import DEFAULT_CONTACT, DEVELOPMENT_SECRET, strange_settings
from gatehouse.mail.ports import Mailer
from gatehouse.ops.service.doctor.finding import Finding, fail, ok, warn
from gatehouse.outbox.queries import counts, oldest_waiting
from gatehouse.scheduler.queries import last_runs

OLDEST_POSTGRES, OLDEST_REDIS = 14, 6
SLOW = 0.05  # seconds for a question of one word
APART, FAR_APART = timedelta(seconds=2), timedelta(seconds=30)
LATE = timedelta(minutes=10)
PERIODS_MISSED = 3
FEW_SIGNS = 12
NO_FILE = (
    "Make it: python manage.py db upgrade. If there was one, correct DATABASE_URL; a path behind"
    " three slashes begins in the folder of the command."
)


def version() -> Iterator[Finding]:
    yield ok("version", f"{__version__}, Python {python_version()}")


def settings(runtime: Runtime) -> Iterator[Finding]:
    ours = runtime.settings
    if not ours.in_production:
        how = "Set FLASK_ENV=production where people rely on it."
        yield warn("settings", f"FLASK_ENV is {ours.environment}", how)
    elif not ours.is_https:
        how = "Set APP_URL to the https address that people use: links and cookies are made of it."
        yield warn("settings", f"production, but APP_URL is {ours.app_url}", how)
    else:
        yield ok("settings", f"production, {ours.app_url}")
    if not ours.ratelimit_enabled:
        yield warn(
            "limits",
            "RATELIMIT_ENABLED is off",
            "Set RATELIMIT_ENABLED=true: anybody may guess quickly.",
        )
    if ours.in_production and ours.registration_enabled and not ours.require_verified_email:
        yield warn(
            "addresses",
            "whoever registers an address is taken for its owner",
            "Set REQUIRE_VERIFIED_EMAIL=true if strangers can register.",
        )
    if ours.in_production and ours.contact_email == DEFAULT_CONTACT:
        how = "Set CONTACT_EMAIL to an address that you read."
        yield warn("contact", f"enquiries are mailed to {DEFAULT_CONTACT}, the default", how)
    for line in strange_settings(ours):
        yield warn("names", line, "Correct the name, or take it out: nobody reads it.")
    if ours.audit_head_file:
        yield _head_file(Path(ours.audit_head_file))


def _head_file(path: Path) -> Finding:
    """The file that block heads of the record are added to, opened as the job opens it."""
    try:
        with path.open("ab"):
            return ok("head file", str(path))
    except OSError as error:
        how = "Let this user write there: until then nothing tells that the record was cut off."
        return fail("head file", f"{path}: {error.strerror}", how)


def keys(runtime: Runtime) -> Iterator[Finding]:
    ours = runtime.settings
    every = (ours.secret_key, *ours.encryption_keys)
    told = ", ".join(key_id(key) for key in ours.encryption_keys)
    if DEVELOPMENT_SECRET in every:
        yield warn("keys", "the keys of development are in use", "Make two: openssl rand -hex 32")
    elif ours.secret_key in ours.encryption_keys:
        how = "Give each a value of its own: openssl rand -hex 32"
        yield warn("keys", "SECRET_KEY and ENCRYPTION_KEY are the same", how)
    elif any(len(set(key)) < FEW_SIGNS for key in every):
        yield warn("keys", "a key has little variety", "Make another: openssl rand -hex 32")
    else:
        yield ok("keys", f"ENCRYPTION_KEY seals with the first of: {told}")


def database(runtime: Runtime) -> Iterator[Finding]:
    is_sqlite = runtime.engine.dialect.name == "sqlite"
    if missing := missing_file(runtime.settings.database_url):
        yield fail("database", f"there is no file {missing}", NO_FILE)
        return
    started = perf_counter()
    asked = "SELECT sqlite_version()" if is_sqlite else "SHOW server_version"
    try:
        with runtime.short.connect() as db:
            version = str(db.scalar(text(asked)))
            zone = "UTC" if is_sqlite else str(db.scalar(text("SHOW timezone")))
            theirs = None if is_sqlite else db.scalar(text("SELECT clock_timestamp()"))
    except DBAPIError as error:
        how = remedy_for(error, "Start it, or correct DATABASE_URL.")
        yield fail("database", f"no answer ({cause_of(error)})", how)
        return
    took = f"{version}, {(perf_counter() - started) * 1000:.0f} ms"
    if is_sqlite and runtime.settings.in_production:
        how = "For more than one machine, or many people, use PostgreSQL."
        yield warn("database", f"SQLite {took}", how)
    elif not is_sqlite and int(version.partition(".")[0]) < OLDEST_POSTGRES:
        yield fail("database", f"PostgreSQL {took}", f"Upgrade it to {OLDEST_POSTGRES} or newer.")
    else:
        yield ok("database", f"{'SQLite' if is_sqlite else 'PostgreSQL'} {took}")
    yield _clock(theirs or datetime.now(UTC), zone)


def _clock(theirs: datetime, zone: str) -> Finding:
    apart = abs(datetime.now(UTC) - theirs)
    says = f"{apart.total_seconds():.1f} s from the database's, time zone {zone}"
    how = "Let both machines keep time by NTP: sessions and links end by these clocks."
    if apart > APART:
        return (fail if apart > FAR_APART else warn)("clock", says, how)
    return ok("clock", says)


def schema(runtime: Runtime) -> Iterator[Finding]:
    try:
        if missing_file(runtime.settings.database_url):
            found = None
        else:
            with runtime.short.connect() as db:
                found = schema_of(db)
    except SQLAlchemyError:
        found = None
    if found is None:
        yield fail("schema", "not known", "First see the line about the database.")
        return
    if found is Schema.CURRENT:
        yield ok("schema", f"{our_revisions()[0]}, up to date")
    elif found is Schema.NEWER:
        how = "Go on with the upgrade: start the new version everywhere."
        yield warn("schema", "it is that of a newer version, and serves this one too", how)
    else:
        says, _, how = REMEDIES[found].partition(". ")
        yield fail("schema", says, how)


def redis(runtime: Runtime) -> Iterator[Finding]:
    if runtime.link is None:
        yield ok("redis", "not used: everything works from the database, slower")
        return
    started = perf_counter()
    try:
        runtime.link.call("PING")
        took = perf_counter() - started
        raw = runtime.link.call("INFO")
    except RedisAway as error:
        how = "Start it, or correct REDIS_URL. Until then everything works, slower."
        yield warn("redis", f"no answer ({error})", how)
        return
    lines = (raw.decode() if isinstance(raw, bytes) else str(raw)).splitlines()
    info = dict(line.split(":", 1) for line in lines if ":" in line)
    version, appends = info.get("redis_version", "0"), info.get("aof_enabled") == "1"
    kept = "append-only file" if appends else "no append-only file, which is fine"
    says = f"{version}, {took * 1000:.0f} ms, {kept}"
    if int(version.split(".")[0]) < OLDEST_REDIS:
        yield fail("redis", says, f"Upgrade it to {OLDEST_REDIS} or newer.")
    elif took > SLOW:
        yield warn("redis", says, "Put it nearer, or leave it out: it is slow.")
    else:
        yield ok("redis", says)


def smtp(runtime: Runtime) -> Iterator[Finding]:
    ours = runtime.settings.smtp
    if not ours.host:
        how = "Set SMTP_HOST and the other SMTP_ settings."
        if runtime.settings.in_production:
            yield warn("mail", "SMTP_HOST is not set: mails wait", how)
        else:
            yield ok("mail", "SMTP_HOST is not set: mails are printed")
        return
    try:
        runtime.ports[Mailer].check()
    except (OSError, SMTPException) as error:
        how = "Correct the SMTP_ settings, then: python manage.py mail test you@example.com"
        yield fail("mail", f"{ours.host}:{ours.port} {type(error).__name__}: {error}", how)
        return
    how = "signed in" if ours.user else "without signing in"
    if not ours.use_tls:
        yield warn("mail", f"{ours.host}:{ours.port} without TLS", "Set SMTP_USE_TLS=true.")
    else:
        yield ok("mail", f"{ours.host}:{ours.port} over TLS, {how}")


def outbox(ctx: Context) -> Iterator[Finding]:
    found, oldest = counts(ctx), oldest_waiting(ctx)
    says = f"{found['waiting']} waiting, {found['dead']} given up"
    if oldest and ctx.now - oldest > LATE:
        how = "Start a worker: python manage.py worker. What fails: python manage.py outbox list"
        yield warn("outbox", f"{says}, the oldest since {oldest:%Y-%m-%d %H:%M}Z", how)
    elif found["dead"]:
        how = (
            "Look why: python manage.py outbox list. Try again: python manage.py outbox retry --all"
        )
        yield warn("outbox", says, how)
    else:
        yield ok("outbox", says)


def jobs(ctx: Context) -> Iterator[Finding]:
    runs = last_runs(ctx)
    alone = [job for job in ctx.runtime.jobs.values() if job.alone]
    failed = [f"{run.name}: {run.error}" for run in runs.values() if run.error]
    late, ahead = [], []
    for job in alone:
        run = runs.get(job.name)
        last = run.succeeded_at if run else None
        if last and last - ctx.now > LATE:
            ahead.append(job.name)
        elif last is None or ctx.now - last > PERIODS_MISSED * job.period + LATE:
            late.append(job.name)
    if ahead:
        how = "Let all machines keep time by NTP. Then a worker runs them at once."
        yield fail("jobs", f"ran at a time to come: {', '.join(sorted(ahead))}", how)
    elif failed:
        how = "Look when and why: python manage.py jobs list"
        yield warn("jobs", f"failed: {'; '.join(sorted(failed))}", how)
    elif late:
        how = "Start a worker: python manage.py worker, or set RUN_JOBS_WHILE_SERVING=true."
        yield warn("jobs", f"not run for long: {', '.join(sorted(late))}", how)
    else:
        yield ok("jobs", f"all {len(alone)} ran in time")
