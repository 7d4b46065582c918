"""Values that expire, counters, and values that can be taken once: in Redis, or in one SQL table.

Both adapters pass one contract suite. The table is also where the guards live that must outlast
a Redis that was emptied (wrong passwords in a row).

Every call is a short statement of its own. None may be made while the unit of work has begun its
transaction: SQLite has one writer, and would wait for itself. Counts, and what is forgotten, do not
wait for the disk; a value does.
"""

from time import time
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Index,
    Insert,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    case,
    delete,
    exists,
    select,
    update,
)
from sqlalchemy.orm import Session

from gatehouse.core.db import NOT_AWAITED, Model, committing_each, insert_into
from gatehouse.core.redis_link import RedisAway, RedisLink, Script, store_key

EPHEMERAL = Table(
    "ephemeral",
    Model.metadata,
    Column("key", String(200), primary_key=True),
    Column("value", LargeBinary, nullable=False, default=b""),
    Column("count", Integer, nullable=False, default=0),
    Column("expires_at", BigInteger, nullable=False),  # milliseconds since 1970
    Index("ix_ephemeral_expires_at", "expires_at"),
)
PURGE_BATCH = 1000
DELETED = delete(EPHEMERAL).where(EPHEMERAL.c.key == bindparam("key"))
DELETED_ALONE = DELETED.returning(NOT_AWAITED)


class EphemeralStore(Protocol):
    """Keys are at most 200 characters; ``ttl`` is in seconds."""

    def count(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        """Add ``by``, atomically. The time starts with the first: returns (count, seconds left)."""
        ...

    def put(self, key: str, value: bytes, ttl: float, *, only_if_absent: bool = False) -> bool:
        """Keep ``value``. False if ``only_if_absent`` and there is one already."""
        ...

    def get(self, key: str) -> bytes | None: ...

    def take(self, key: str) -> bytes | None:
        """Give the value and forget it: of many who ask at once, one gets it."""
        ...

    def seconds_left(self, key: str) -> float:
        """How long the key still lives; 0 if there is none."""
        ...

    def extend(self, key: str, ttl: float) -> None:
        """Let an existing key live ``ttl`` seconds from now."""
        ...

    def delete(self, key: str) -> None: ...


class SqlStore:
    """One row a key, one statement a call. Exact over all workers; survives a restart."""

    def __init__(self, engine: Engine) -> None:
        self._engine = committing_each(engine)
        self._count = _count_one(insert_into(EPHEMERAL, engine.dialect))
        self._count_unless = _count_one(insert_into(EPHEMERAL, engine.dialect), unless=True)

    def count(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        now = _milliseconds()
        values = {"key": key, "by": by, "now": now, "ends": now + _milliseconds(ttl)}
        with self._engine.connect() as db:
            row = db.execute(self._count, values).one()
        return row.count_by_now, (row.expires_at - now) / 1000

    def count_unless(self, key: str, ttl: float, *, there: str) -> int:
        """Add one and return the count, or 0 if the key ``there`` lives: nothing is added then."""
        now = _milliseconds()
        values = {"key": key, "by": 1, "now": now, "ends": now + _milliseconds(ttl), "there": there}
        with self._engine.connect() as db:
            return db.execute(self._count_unless, values).scalar() or 0

    def put(self, key: str, value: bytes, ttl: float, *, only_if_absent: bool = False) -> bool:
        now = _milliseconds()
        row = insert_into(EPHEMERAL, self._engine.dialect).values(
            key=key, value=value, count=0, expires_at=now + _milliseconds(ttl)
        )
        statement: Insert = row.on_conflict_do_update(
            index_elements=["key"],
            set_={"value": row.excluded.value, "expires_at": row.excluded.expires_at},
            where=(EPHEMERAL.c.expires_at <= now) if only_if_absent else None,
        ).returning(EPHEMERAL.c.key)
        with self._engine.connect() as db:
            return db.execute(statement).first() is not None

    def get(self, key: str) -> bytes | None:
        with self._engine.connect() as db:
            return db.scalar(select(EPHEMERAL.c.value).where(*_living(key)))

    def take(self, key: str) -> bytes | None:
        statement = delete(EPHEMERAL).where(*_living(key)).returning(EPHEMERAL.c.value)
        with self._engine.connect() as db:
            return db.execute(statement).scalar()

    def seconds_left(self, key: str) -> float:
        with self._engine.connect() as db:
            ends = db.scalar(select(EPHEMERAL.c.expires_at).where(*_living(key)))
        return (ends - _milliseconds()) / 1000 if ends else 0

    def extend(self, key: str, ttl: float) -> None:
        ends = _milliseconds() + _milliseconds(ttl)
        with self._engine.connect() as db:
            db.execute(update(EPHEMERAL).where(*_living(key)).values(expires_at=ends))

    def delete(self, key: str, within: Session | None = None) -> None:
        """Forget it: at once, or with the transaction ``within``."""
        if within is not None:
            within.execute(DELETED, {"key": key})
            return
        with self._engine.connect() as db:
            db.execute(DELETED_ALONE, {"key": key})

    def purge(self) -> int:
        """Delete what has expired, in small batches. Returns how many rows went."""
        is_over = EPHEMERAL.c.expires_at <= _milliseconds()
        old = select(EPHEMERAL.c.key).where(is_over).limit(PURGE_BATCH)
        # Twice, because one may begin anew while we wait for it.
        statement = delete(EPHEMERAL).where(EPHEMERAL.c.key.in_(old), is_over)
        total = 0
        with self._engine.connect() as db:
            while gone := db.execute(statement).rowcount:
                total += gone
        return total


def _count_one(insert: Any, *, unless: bool = False) -> Any:
    """Add ``by`` to ``key``, or begin anew at ``now``. Making this takes longer than running it.

    ``unless``: only while the key ``there`` does not live.
    """
    now = bindparam("now", type_=BigInteger)
    is_over = EPHEMERAL.c.expires_at <= now
    given: dict[str, Any] = {
        "key": bindparam("key", type_=String),
        "value": bindparam("value", b"", type_=LargeBinary),
        "count": bindparam("by", type_=Integer),
        "expires_at": bindparam("ends", type_=BigInteger),
    }
    if unless:
        other = EPHEMERAL.alias()
        lives = exists().where(other.c.key == bindparam("there"), other.c.expires_at > now)
        row = insert.from_select(list(given), select(*given.values()).where(~lives))
    else:
        row = insert.values(given)
    return row.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case(
                (is_over, row.excluded.count), else_=EPHEMERAL.c.count + row.excluded.count
            ),
            "expires_at": case((is_over, row.excluded.expires_at), else_=EPHEMERAL.c.expires_at),
        },
    ).returning(EPHEMERAL.c.count.label("count_by_now"), EPHEMERAL.c.expires_at, NOT_AWAITED)


def _living(key: str) -> tuple[Any, ...]:
    return EPHEMERAL.c.key == key, EPHEMERAL.c.expires_at > _milliseconds()


def _milliseconds(seconds: float | None = None) -> int:
    """Whole milliseconds: of ``seconds``, or since 1970."""
    return int((time() if seconds is None else seconds) * 1000)


COUNT = Script("""
local count = redis.call('INCRBY', KEYS[1], ARGV[2])
if count == tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
""")
TAKE = Script("""
local value = redis.call('GET', KEYS[1])
if value then redis.call('DEL', KEYS[1]) end
return value
""")


class RedisStore:
    """The same in Redis. Raises RedisAway."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def count(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        count, left = self._link.run(COUNT, [store_key(key)], [_milliseconds(ttl), by])
        return count, left / 1000

    def put(self, key: str, value: bytes, ttl: float, *, only_if_absent: bool = False) -> bool:
        condition = ("NX",) if only_if_absent else ()
        answer = self._link.call("SET", store_key(key), value, "PX", _milliseconds(ttl), *condition)
        return answer is not None

    def get(self, key: str) -> bytes | None:
        found: bytes | None = self._link.call("GET", store_key(key))
        return found

    def take(self, key: str) -> bytes | None:
        found: bytes | None = self._link.run(TAKE, [store_key(key)], [])
        return found

    def seconds_left(self, key: str) -> float:
        left: int = self._link.call("PTTL", store_key(key))
        return max(left, 0) / 1000

    def extend(self, key: str, ttl: float) -> None:
        self._link.call("PEXPIRE", store_key(key), _milliseconds(ttl))

    def delete(self, key: str) -> None:
        self._link.call("DEL", store_key(key))


class FailoverStore:
    """Counts in Redis while it answers, else in the table. Values always in the table.

    A count that changes its place is a limit that is a little wider for one window. A value that
    is good once, or a mark that something was used, must not be forgotten with Redis.
    """

    def __init__(self, counters: EphemeralStore, table: EphemeralStore) -> None:
        self._counters = counters
        self._table = table

    def count(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        try:
            return self._counters.count(key, ttl, by)
        except RedisAway:
            return self._table.count(key, ttl, by)

    def put(self, key: str, value: bytes, ttl: float, *, only_if_absent: bool = False) -> bool:
        return self._table.put(key, value, ttl, only_if_absent=only_if_absent)

    def get(self, key: str) -> bytes | None:
        return self._table.get(key)

    def take(self, key: str) -> bytes | None:
        return self._table.take(key)

    def seconds_left(self, key: str) -> float:
        try:
            return max(self._counters.seconds_left(key), self._table.seconds_left(key))
        except RedisAway:
            return self._table.seconds_left(key)

    def extend(self, key: str, ttl: float) -> None:
        self._table.extend(key, ttl)
        try:
            self._counters.extend(key, ttl)
        except RedisAway:
            return

    def delete(self, key: str) -> None:
        self._table.delete(key)
        try:
            self._counters.delete(key)
        except RedisAway:
            return
