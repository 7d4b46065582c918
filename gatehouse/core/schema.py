"""Where the schema of the database stands beside our migrations, without a second of Alembic."""

import ast
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, column, select, table, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gatehouse.core.db import committing_each
from gatehouse.core.logging import LOGGER
from gatehouse.core.settings import DEFAULT_CONTACT, ROOT, Settings, strange_settings

VERSIONS, INITIAL = ROOT / "migrations" / "versions", ROOT / "migrations" / "initial"
UNRELEASED = "initial_"
NOTED: Select[Any] = select(column("version_num")).select_from(table("alembic_version"))


class Schema(StrEnum):
    """``newer``: the next version's, in the middle of an upgrade; we go on serving.
    ``foreign``: of a version before the first release, which no migration leads away from.
    """

    CURRENT = "current"
    NEWER = "newer"
    MISSING = "missing"
    OLDER = "older"
    FOREIGN = "foreign"

    @property
    def serves(self) -> bool:
        return self in (Schema.CURRENT, Schema.NEWER)


UPGRADE = "python manage.py db upgrade"
REMEDIES = {
    Schema.MISSING: f"The database has no schema. Make it: {UPGRADE}.",
    Schema.OLDER: f"The schema is older than this version. Bring it up: {UPGRADE}.",
    Schema.FOREIGN: "The schema is that of another version from before the first release. Use the"
    " version that made it, or name an empty database in DATABASE_URL.",
}


def schema_of(db: Connection) -> Schema:
    """Compare the database with our migrations. Raises SQLAlchemyError if it is away.

    ``db`` commits each statement by itself: one of these fails where there is no schema.
    """
    try:
        found = db.scalar(NOTED)
    except DBAPIError:
        db.execute(text("SELECT 1"))  # Is it there at all?
        found = None
    if found is None:
        return Schema.MISSING
    head, ours = our_revisions()
    if found == head:
        return Schema.CURRENT
    if found in ours:
        return Schema.OLDER
    return Schema.FOREIGN if found.startswith(UNRELEASED) else Schema.NEWER


def what_the_schema_lacks(engine: Engine) -> str | None:
    """What to do before anybody is served, in words. None: nothing, or the database is away."""
    try:
        with committing_each(engine).connect() as db:
            return REMEDIES.get(schema_of(db))
    except SQLAlchemyError:
        return None


NO_MAIL = "SMTP_HOST is not set: no mail is sent. Mails wait, and are given up after 28 hours."
NO_URL = (
    "APP_URL is %s: links in mails lead to the machine of whoever opens them. Set it to the https"
    " address that people use."
)
NO_CONTACT = "CONTACT_EMAIL is not set: enquiries of the contact form are mailed to %s."


def say_what_is_missing(settings: Settings, engine: Engine) -> None:
    """Say in the log, as a server starts, what it cannot do without more."""
    say_what_is_not_set(settings)
    say_what_the_schema_lacks(engine)


def say_what_is_not_set(settings: Settings) -> None:
    """Say what production can start without, and does not serve people well without."""
    if settings.in_production and not settings.smtp.host:
        LOGGER.warning(NO_MAIL)
    if settings.in_production and not settings.is_https:
        LOGGER.warning(NO_URL, settings.app_url)
    if settings.in_production and settings.contact_email == DEFAULT_CONTACT:
        LOGGER.warning(NO_CONTACT, DEFAULT_CONTACT)
    for line in strange_settings(settings):
        LOGGER.warning(line)


def say_what_the_schema_lacks(engine: Engine) -> None:
    """Say it in the log as a server starts; the servers do not: each has several processes."""
    lacking = what_the_schema_lacks(engine)
    engine.dispose()
    if lacking:
        LOGGER.error("%s Until then /api/health/ready answers 503.", lacking)


@cache
def our_revisions() -> tuple[str, frozenset[str]]:
    """The newest of our migrations, and all of them, read off their files."""
    found = {_noted_in(path) for path in VERSIONS.glob("*.py")}
    revisions = frozenset(revision for revision, _ in found)
    (head,) = revisions - {before for _, before in found}
    return head, revisions


def _noted_in(path: Path) -> tuple[str, str | None]:
    """``revision`` and ``down_revision`` of a migration. The initial one's is made of its files."""
    noted = {
        node.targets[0].id: node.value.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    before = noted.get("down_revision")
    return str(noted.get("revision") or initial_revision()), str(before) if before else None


def initial_revision() -> str:
    """A name for just these tables, so that a database of other ones is known as such."""
    sources = sorted(INITIAL.glob("*.py"))
    made_of = sha256(b"".join(source.read_bytes() for source in sources))
    return f"{UNRELEASED}{made_of.hexdigest()[:12]}"
