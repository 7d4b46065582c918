"""The table behind Redis: slower when Redis is away, and never more open (threat 242)."""

from time import monotonic
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select

from gatehouse.core.redis_link import RedisAway, RedisLink
from gatehouse.core.store import EPHEMERAL, FailoverStore, RedisStore, SqlStore

pytestmark = pytest.mark.integration

LONG = 60


@pytest.fixture
def key() -> str:
    return f"test:{uuid4()}"


class SlowStore:
    """A Redis that does what it is told, but too late for the caller to hear of it."""

    def __init__(self, inner: SqlStore) -> None:
        self._inner = inner
        self.is_slow = False

    def __getattr__(self, name: str):
        def call(*arguments, **options):
            answer = getattr(self._inner, name)(*arguments, **options)
            if self.is_slow:
                raise RedisAway
            return answer

        return call


class LostStore(SlowStore):
    """A Redis that can be lost and found again, with what it held."""

    def __getattr__(self, name: str):
        def call(*arguments, **options):
            if self.is_slow:
                raise RedisAway
            return getattr(self._inner, name)(*arguments, **options)

        return call


def test_every_call_has_a_way_on_when_redis_is_killed(redis_server, sqlite_engine, key):
    store = FailoverStore(RedisStore(RedisLink(redis_server.url())), SqlStore(sqlite_engine))
    store.count(key, LONG)
    redis_server.kill()
    started = monotonic()

    assert store.get(f"{key}:nothing") is None
    assert store.take(f"{key}:nothing") is None
    assert store.seconds_left(f"{key}:nothing") == 0
    assert store.count(key, LONG)[0] == 1
    assert store.put(f"{key}:value", b"value", LONG) is True
    store.extend(f"{key}:value", LONG)
    assert store.take(f"{key}:value") == b"value"
    store.delete(key)
    assert store.count(key, LONG)[0] == 1
    assert monotonic() - started < 1


def test_the_bare_redis_store_says_that_redis_is_away(redis_server, key):
    store = RedisStore(RedisLink(redis_server.url()))
    store.count(key, LONG)
    redis_server.kill()

    for call in (
        lambda: store.count(key, LONG),
        lambda: store.put(key, b"", LONG),
        lambda: store.get(key),
        lambda: store.take(key),
        lambda: store.seconds_left(key),
        lambda: store.extend(key, LONG),
        lambda: store.delete(key),
    ):
        with pytest.raises(RedisAway):
            call()


def test_a_count_goes_on_while_redis_is_away(sqlite_engine, postgresql_engine, key):
    first = LostStore(SqlStore(postgresql_engine))
    store = FailoverStore(first, SqlStore(sqlite_engine))
    first.is_slow = True

    assert [store.count(key, LONG)[0] for _ in range(3)] == [1, 2, 3]


def test_deleting_forgets_what_was_kept_while_redis_was_away(sqlite_engine, postgresql_engine, key):
    first = LostStore(SqlStore(postgresql_engine))
    store = FailoverStore(first, SqlStore(sqlite_engine))
    first.is_slow = True
    store.put(key, b"value", LONG)
    first.is_slow = False
    store.delete(key)
    first.is_slow = True

    assert store.get(key) is None


def test_a_value_that_a_slow_redis_kept_after_all_is_given_once(
    sqlite_engine, postgresql_engine, key
):
    """Threat 242: a one-time value is in both places then, and must not be good twice."""
    first = SlowStore(SqlStore(postgresql_engine))
    store = FailoverStore(first, SqlStore(sqlite_engine))
    first.is_slow = True
    store.put(key, b"value", LONG)
    first.is_slow = False

    taken = [store.take(key)]
    first.is_slow = True
    taken.append(store.take(key))

    assert taken.count(b"value") == 1


def test_a_guard_against_replays_does_not_open_when_redis_is_lost(
    sqlite_engine, postgresql_engine, key
):
    """Threat 242: what was used once while Redis was there was used."""
    first = LostStore(SqlStore(postgresql_engine))
    store = FailoverStore(first, SqlStore(sqlite_engine))
    assert store.put(key, b"", LONG, only_if_absent=True) is True
    first.is_slow = True

    assert store.put(key, b"", LONG, only_if_absent=True) is False


def test_a_guard_against_replays_does_not_open_when_redis_is_back(
    sqlite_engine, postgresql_engine, key
):
    """Threat 242: what was used once while Redis was away was used."""
    first = LostStore(SqlStore(postgresql_engine))
    store = FailoverStore(first, SqlStore(sqlite_engine))
    first.is_slow = True
    assert store.put(key, b"", LONG, only_if_absent=True) is True
    first.is_slow = False

    assert store.put(key, b"", LONG, only_if_absent=True) is False


@pytest.mark.parametrize("engine", ["sqlite_engine", "postgresql_engine"])
def test_purging_deletes_what_has_expired_and_nothing_else(request, engine):
    engine = request.getfixturevalue(engine)
    store = SqlStore(engine)
    store.purge()
    old = [{"key": f"purge:old:{n}", "value": b"", "expires_at": n} for n in range(1500)]
    with engine.begin() as db:
        db.execute(EPHEMERAL.insert(), old)
    store.put("purge:new", b"value", LONG)

    assert store.purge() == 1500

    with engine.connect() as db:
        left = db.scalar(
            select(func.count()).select_from(EPHEMERAL).where(EPHEMERAL.c.key.like("purge:%"))
        )
    assert left == 1
    assert store.get("purge:new") == b"value"
    assert store.purge() == 0


@pytest.mark.parametrize("engine", ["sqlite_engine", "postgresql_engine"])
def test_the_table_goes_by_the_clock(request, engine, key):
    """Threat 240: whatever the zone of the machine."""
    store = SqlStore(request.getfixturevalue(engine))
    with time_machine.travel("2030-03-31T00:59:59Z", tick=False) as clock:
        store.put(key, b"value", 3600)
        clock.shift(3599)
        assert store.get(key) == b"value"
        assert store.seconds_left(key) == 1

        clock.shift(1)

        assert store.get(key) is None
        assert store.seconds_left(key) == 0
