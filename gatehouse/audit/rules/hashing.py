"""What an entry and a block are hashed over: one unambiguous form, the same on every database."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

ENTRY = b"gatehouse audit entry v1\n"
BLOCK = b"gatehouse audit block v1\n"
NOTHING_BEFORE = bytes(32)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# No transaction lasts so long: by how much an entry may be written after its own time, or come to
# light after entries that are younger.
LATENESS = timedelta(hours=1)


def entry_hash(values: Mapping[Any, Any]) -> bytes:
    """SHA-256 over every column of an entry, as it was read from the database.

    Never fails: what cannot be a value of its column is hashed as the text that it is, so that a
    spoilt row has a hash too, which is not the one it was sealed with.
    """
    parts = [_part(kind, values[name]) for name, kind in COLUMNS]
    return sha256(ENTRY + b"".join(parts)).digest()


def block_hash(
    number: int,
    previous: bytes,
    times: tuple[int | None, int | None],
    newest_id: UUID | None,
    rows: Iterable[tuple[UUID | None, bytes]],
) -> bytes:
    """SHA-256 over a block's place in the chain, its two times (when it was closed, up to when it
    reaches; microseconds), its reach as an id, and its entries' ids and hashes in their order.
    """
    listed = b"".join(_sized(b"u", _id(row_id)) + _sized(b"h", own) for row_id, own in rows)
    return sha256(
        BLOCK
        + _sized(b"i", str(number).encode())
        + _sized(b"h", previous)
        + b"".join(_sized(b"i", str(time).encode()) for time in times)
        + _sized(b"u", _id(newest_id))
        + _sized(b"l", listed)
    ).digest()


def as_id(value: Any) -> UUID | None:
    """An id as PostgreSQL (a UUID) or SQLite (32 hexadecimal digits) gives it, else None.

    Other spellings are none: SQLite would not find the row by them.
    """
    if isinstance(value, UUID):
        return value
    try:
        found = UUID(hex=value)
    except (ValueError, TypeError, AttributeError):
        return None
    return found if found.hex == value else None


def as_microseconds(value: Any) -> int | None:
    """A time, as a datetime or as the text that the databases have for one, in microseconds since
    1970 UTC. Else None; of the spellings without an offset only the one that SQLAlchemy writes.
    """
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if moment.tzinfo is None:
            if value != moment.isoformat(" ", "microseconds"):
                return None
            moment = moment.replace(tzinfo=UTC)
        return (moment - EPOCH) // MICROSECOND
    except (ValueError, TypeError, OverflowError):
        return None


def as_moment(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND


def milliseconds_of(entry_id: UUID) -> int:
    """When a UUIDv7 was made, in milliseconds since 1970 (RFC 9562, 5.7)."""
    return entry_id.int >> 80


def least_id(moment: datetime) -> UUID:
    """No UUIDv7 of ``moment`` or later is less than this."""
    milliseconds = max(0, (moment - EPOCH) // timedelta(milliseconds=1))
    return UUID(int=milliseconds << 80)


def is_dated_rightly(entry_id: Any, moment: Any) -> bool:
    """Whether an entry's id was made at about the entry's time. That of a forged one may not."""
    found, at = as_id(entry_id), as_microseconds(moment)
    if found is None or at is None:
        return False
    apart = abs(milliseconds_of(found) * 1000 - at)
    return apart <= LATENESS // MICROSECOND


def earlier(moment: datetime) -> datetime:
    """Where to begin to look among ids for what happened since ``moment``."""
    return moment - LATENESS if moment - EPOCH > LATENESS else EPOCH


def later(moment: datetime) -> datetime:
    """Where ids end of what happened until ``moment``: they are made when the act is written."""
    return moment + LATENESS if END - moment > LATENESS else END


def _sized(tag: bytes, raw: bytes) -> bytes:
    """What it is, how long it is, and then itself: no two lists of parts read the same."""
    return tag + len(raw).to_bytes(4, "big") + raw


def _part(kind: Callable[[Any], bytes | None], value: Any) -> bytes:
    if value is None:
        return b"n"
    raw = kind(value)
    return _sized(b"?", repr(value).encode()) if raw is None else _sized(b"=", raw)


def _id(value: Any) -> bytes:
    found = as_id(value)
    return found.bytes if found else b""


def _id_or_none(value: Any) -> bytes | None:
    return _id(value) or None


def _time(value: Any) -> bytes | None:
    found = as_microseconds(value)
    return None if found is None else str(found).encode()


def _text(value: Any) -> bytes | None:
    return value.encode(errors="surrogatepass") if isinstance(value, str) else None


def _flag(value: Any) -> bytes | None:
    return b"1" if value == 1 else b"0" if value == 0 else None


def _details(value: Any) -> bytes | None:
    """JSON with its names sorted, however the database spells it."""
    try:
        found = json.loads(value)
        return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError):
        return None


# A new column joins at the end, and only from the version of the form on that knows it.
COLUMNS: tuple[tuple[str, Callable[[Any], bytes | None]], ...] = (
    ("id", _id_or_none),
    ("created_at", _time),
    ("action", _text),
    ("org_id", _id_or_none),
    ("actor_kind", _text),
    ("actor_id", _id_or_none),
    ("user_id", _id_or_none),
    ("resource_type", _text),
    ("resource_id", _id_or_none),
    ("ip", _text),
    ("user_agent", _text),
    ("request_id", _text),
    ("success", _flag),
    ("details", _details),
)
