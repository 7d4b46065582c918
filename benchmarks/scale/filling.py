"""Filling a database with people, sessions and a record, all of which Gatehouse takes for its own.

Ids and tokens follow from numbers, so that the load can be anybody without asking the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import UUID

import psycopg
from psycopg import sql

from benchmarks.load import AGENT
from benchmarks.scale import families
from gatehouse.core.tokens import RANDOM_LENGTH, SESSION, checksum, hash_token

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
PASSWORD = "correct horse battery staple of scale"  # noqa: S105 - of nobody
OPEN_FOR = timedelta(hours=8)
MEMBER_IN = 10  # one person in so many is a member of the organization whose record is read
BOSS, OPERATOR = 0, 1  # the first owns the organization, the second runs the installation
ORGANIZATION = UUID(int=(7 << 76) | (2 << 62) | 0xACE)


@dataclass(frozen=True, slots=True)
class Size:
    """How many people, each with one session, and how many entries of the record."""

    people: int
    entries: int


@dataclass(frozen=True, slots=True)
class Hashes:
    """The hash of PASSWORD at full cost, and at next to none: odd people have that one."""

    full: str
    cheap: str


def number_id(moment: datetime, number: int) -> UUID:
    """A UUIDv7 of that moment, with ``number`` where others are random."""
    return UUID(int=((moment - EPOCH) // MILLISECOND << 80) | (7 << 76) | (2 << 62) | number)


def address(person: int) -> str:
    return f"person{person}@scale.test"


def token(person: int) -> str:
    """The token of a person's session, as well formed as a random one."""
    text = f"{SESSION}{person:0{RANDOM_LENGTH}d}"
    return text + checksum(text)


class Past:
    """When everything was: people came over a year, and the record is of that year."""

    def __init__(self, size: Size, now: datetime) -> None:
        self.size = size
        self.now = now
        self.began = (now - timedelta(days=365)).replace(microsecond=0)
        self.apart = timedelta(days=364) // MILLISECOND // max(size.people, 1)
        self.between = timedelta(days=364) // MILLISECOND // max(size.entries, 1)

    def person(self, number: int) -> UUID:
        return number_id(self.began + number * self.apart * MILLISECOND, number)

    def entry(self, number: int) -> UUID:
        return number_id(self.began + number * self.between * MILLISECOND, number)


STATEMENTS = Path(__file__).with_name("fill.sql").read_text(encoding="utf-8")
SETTINGS = (
    "SET statement_timeout = 0",
    "SET maintenance_work_mem = '512MB'",
    "SET session_replication_role = replica",
    "TRUNCATE users, organizations, audit_entries, audit_subjects CASCADE",
)
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
AND tablename IN ('users', 'sessions', 'members', 'audit_entries', 'grants',
    'refresh_families')
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
"""
SESSIONS = (
    "COPY sessions (id, user_id, token_hash, status, created_at, expires_at, ends_at,"
    " idle_seconds, last_seen_at, auth_time, amr, ip, network, user_agent) FROM STDIN"
)


def fill(dsn: str, past: Past, hashes: Hashes) -> dict[str, float]:
    """Fill the tables. Returns the seconds that each took.

    Emptied in the same transaction, they need no write-ahead log; foreign keys are not checked, for
    the rows are right; and indexes are made anew at the end, as they were.
    """
    took: dict[str, float] = {}
    with psycopg.connect(dsn) as db:
        for setting in SETTINGS:
            db.execute(setting.encode())
        indexes = db.execute(INDEXES).fetchall()
        for name, _ in indexes:
            db.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for statement in STATEMENTS.format(**_values(past, hashes)).split(";\n"):
            with _timed(took, statement.partition("INSERT INTO ")[2].partition(" ")[0]):
                db.execute(statement.encode())
        with _timed(took, "sessions"), db.cursor().copy(SESSIONS) as rows:
            for row in _sessions(past):
                rows.write_row(row)
        with _timed(took, "indexes"):
            for _, definition in indexes:
                db.execute(definition.encode())
        with _timed(took, "commit"):
            db.commit()
    with psycopg.connect(dsn, autocommit=True) as db, _timed(took, "vacuum"):
        db.execute("VACUUM ANALYZE")
        db.execute("CHECKPOINT")
    return took


@contextmanager
def _timed(took: dict[str, float], name: str) -> Iterator[None]:
    started = perf_counter()
    yield
    if name:
        took[name] = perf_counter() - started


def _values(past: Past, hashes: Hashes) -> dict[str, object]:
    return {
        "people": past.size.people,
        "entries": past.size.entries,
        "began": past.began.isoformat(),
        "began_ms": (past.began - EPOCH) // MILLISECOND,
        "apart": past.apart,
        "between": past.between,
        "full": hashes.full,
        "cheap": hashes.cheap,
        "organization": ORGANIZATION,
        "agent": AGENT,
        "member_in": MEMBER_IN,
        **families.values(past.now + OPEN_FOR),
        "boss": BOSS,
        "operator": OPERATOR,
    }


def _sessions(past: Past) -> Iterator[tuple[object, ...]]:
    """One for each person, opened a while ago from where the load comes from."""
    opened, ends = past.now - timedelta(minutes=5), past.now + OPEN_FOR
    idle = int(OPEN_FOR.total_seconds())
    same = ("ACTIVE", opened, ends, ends, idle, opened, opened)
    place = ("pwd", "127.0.0.1", "127.0.0.1", AGENT)
    for person in range(past.size.people):
        ids = (number_id(opened, person), past.person(person), hash_token(token(person)))
        yield (*ids, *same, *place)
