"""The cache when Redis is killed, emptied, restarted from an older copy, or silent (threat 242)."""

import socket
from threading import Event, Thread, current_thread
from time import monotonic
from unittest.mock import Mock
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import OperationalError

from gatehouse.core.cache import EPOCH_LEASE, EPOCHS, OwnedCache
from gatehouse.core.db import make_engine
from gatehouse.core.redis_link import RedisLink
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.integration

LIFE = 60.0
SECRET = "a secret of this house"
SLOW_THREAD = "reads its epoch slowly"


@pytest.fixture
def cache(redis_server, engine) -> OwnedCache:
    return OwnedCache(RedisLink(redis_server.url()), engine, SECRET)


@pytest.fixture
def another(redis_server, engine) -> OwnedCache:
    """The cache of another worker."""
    return OwnedCache(RedisLink(redis_server.url()), engine, SECRET)


@pytest.fixture
def owner() -> str:
    return str(uuid4())


def fill(cache: OwnedCache, key: str, owner: str) -> None:
    version = cache.begin(owner)
    assert version is not None
    cache.fill(key, owner, version, b"payload", LIFE)
    assert cache.look(key) is not None


def epoch(engine: Engine) -> int:
    with engine.connect() as db:
        return db.scalar(select(EPOCHS.c.epoch))


def raise_epoch(engine: Engine) -> None:
    with engine.begin() as db:
        db.execute(update(EPOCHS).values(epoch=EPOCHS.c.epoch + 1))


def test_without_redis_there_is_no_cache_and_no_error(engine, owner):
    cache = OwnedCache(RedisLink(f"redis://127.0.0.1:{free_port()}/0"), engine, SECRET)

    assert cache.look("key", answer="me", counters=[("60.1", 60)]) is None
    assert cache.begin(owner) is None
    cache.fill("key", owner, "0" * 16, b"payload", LIFE)
    cache.fill_answer("me", owner, "0" * 16, b"answer", LIFE)


def test_an_emptied_redis_forgets(cache, another, redis_server, owner):
    fill(cache, "key", owner)
    another.look("key")

    RedisLink(redis_server.url()).call("FLUSHALL")

    assert cache.look("key") is None
    assert another.look("key") is None


def test_emptying_redis_does_not_void_a_revocation(cache, another, redis_server, owner):
    version = cache.begin(owner)
    another.forget([owner])
    RedisLink(redis_server.url()).call("FLUSHALL")

    cache.fill("key", owner, version, b"stale", LIFE)

    assert cache.look("key") is None


def test_a_restarted_redis_is_another_redis(cache, another, redis_server, owner):
    fill(cache, "key", owner)
    RedisLink(redis_server.url()).call("SAVE")

    redis_server.restart()

    assert cache.look("key") is None
    assert another.look("key") is None


@pytest.mark.parametrize("has_looked", [True, False])
def test_a_redis_restarted_from_an_older_copy_revives_nothing(
    cache, another, redis_server, owner, has_looked
):
    """Ruling 4. ``has_looked``: the worker's thread was connected to the Redis before."""
    fill(cache, "key", owner)
    if has_looked:
        assert another.look("key") is not None
    RedisLink(redis_server.url()).call("SAVE")
    cache.forget([owner])

    redis_server.kill()
    redis_server.start()

    assert another.look("key") is None


def test_who_still_believes_an_older_epoch_hears_of_what_is_forgotten_under_a_new_one(
    cache, another, engine, owner
):
    """Threat 82: who raised it waits until all have read it; who forgets now does not."""
    fill(cache, "key", owner)
    assert another.look("key") is not None
    raise_epoch(engine)
    cache._lease_ends = 0.0  # noqa: SLF001 - as if it were time to read it again

    hold = cache.hold([owner])
    cache.forget([owner], hold)

    assert another.look("key") is None


def test_a_hold_is_heard_by_who_knows_of_a_new_epoch(cache, another, engine, owner):
    """Its worker may die right after the commit: then nobody forgets."""
    cache.look("nothing")
    raise_epoch(engine)
    another._lease_ends = 0.0  # noqa: SLF001 - as if it were time to read it again
    fill(another, "key", owner)

    assert cache.hold([owner]) is not None

    assert another.look("key") is None


def test_a_forget_that_cannot_read_the_epoch_says_so(cache, another, owner, monkeypatch):
    fill(another, "key", owner)
    cache.look("nothing")
    away = OperationalError("", {}, Exception())
    monkeypatch.setattr(cache, "_read_epoch", Mock(side_effect=away))

    with pytest.raises(OperationalError):
        cache.forget([owner])

    assert another.look("key") is None


def test_a_forget_that_redis_cannot_hear_raises_the_epoch_and_waits(
    cache, another, redis_server, engine, owner
):
    """Threat 82: when it returns, no worker believes the old entry, also if Redis comes back."""
    fill(cache, "key", owner)
    assert another.look("key") is not None
    RedisLink(redis_server.url()).call("SAVE")
    before = epoch(engine)
    redis_server.kill()
    started = monotonic()

    cache.forget([owner])

    assert EPOCH_LEASE <= monotonic() - started < EPOCH_LEASE + 1
    assert epoch(engine) == before + 1
    redis_server.start()
    assert another.look("key") is None


def test_a_redis_that_was_unreachable_for_one_worker_voids_for_all(
    redis_server, another, engine, owner
):
    """The worker that revokes has lost its way to Redis; the others have not."""
    fill(another, "key", owner)
    lost = OwnedCache(RedisLink(f"redis://127.0.0.1:{free_port()}/0"), engine, SECRET)

    lost.forget([owner])

    assert another.look("key") is None
    fill(another, "key", owner)


def test_one_owner_of_many_that_is_not_acknowledged_is_enough(
    redis_server, cache, another, engine, owner
):
    before = epoch(engine)
    fill(another, "key", owner)

    def owners():
        yield str(uuid4())
        redis_server.kill()
        yield owner

    cache.forget(owners())

    assert epoch(engine) == before + 1


def test_a_forget_does_not_go_by_an_epoch_that_another_thread_read_before(
    redis_server, another, engine, url, owner
):
    """A thread that is slow to note its epoch must not renew the lease behind a forget's back."""
    own_engine = make_engine(url)
    has_read, go_on = Event(), Event()

    @event.listens_for(own_engine, "after_cursor_execute")
    def pause(_connection, _cursor, statement, *_others):
        if current_thread().name == SLOW_THREAD and "cache_epochs" in statement:
            has_read.set()
            go_on.wait(10)

    cache = OwnedCache(RedisLink(redis_server.url()), own_engine, SECRET)
    slow = Thread(target=cache.look, args=("nothing",), name=SLOW_THREAD)
    slow.start()
    assert has_read.wait(10)
    raise_epoch(engine)
    fill(another, "key", owner)
    forgetting = Thread(target=cache.forget, args=([owner],))
    forgetting.start()
    # Either it waits for the slow thread, or it is done without it.
    forgetting.join(0.1)
    go_on.set()
    slow.join(10)
    forgetting.join(10)

    assert another.look("key") is None
    own_engine.dispose()


def test_two_threads_of_a_worker_share_one_lease(cache, engine):
    statements = []

    @event.listens_for(engine, "after_cursor_execute")
    def note(_connection, _cursor, statement, *_others):
        statements.append(statement)

    started = monotonic()
    for _ in range(20):
        thread = Thread(target=cache.look, args=("nothing",))
        thread.start()
        thread.join()

    leases = 1 + int((monotonic() - started) // EPOCH_LEASE)
    assert len(statements) <= leases


def test_a_worker_hears_of_a_new_epoch_within_its_lease(cache, engine, owner):
    fill(cache, "key", owner)
    raise_epoch(engine)
    started = monotonic()

    assert wait_until(lambda: cache.look("key") is None)

    assert monotonic() - started < EPOCH_LEASE + 1


def test_a_redis_that_never_answers_costs_at_most_a_second(engine, owner):
    """Threat 242."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        cache = OwnedCache(
            RedisLink(f"redis://127.0.0.1:{listener.getsockname()[1]}/0"), engine, SECRET
        )
        started = monotonic()

        assert cache.look("key") is None

        assert monotonic() - started < 1
        assert cache.begin(owner) is None
        cache.fill("key", owner, "0" * 16, b"payload", LIFE)
        assert monotonic() - started < 1


def test_a_forget_that_redis_is_slow_to_hear_is_done_within_three_seconds(
    cache, another, redis_server, engine, owner
):
    """Threat 242: it takes the time-out and the lease, and is then true for everybody."""
    fill(cache, "key", owner)
    fill(another, "other", owner)
    RedisLink(redis_server.url()).call("CLIENT", "PAUSE", 60_000, "ALL")
    before, started = epoch(engine), monotonic()

    cache.forget([owner])

    assert monotonic() - started < 3
    assert epoch(engine) == before + 1


def test_a_hold_that_redis_cannot_hear_is_not_claimed(cache, redis_server, owner):
    redis_server.kill()

    assert cache.hold([owner]) is None


def test_freshening_waits_for_no_redis(cache, redis_server, engine, owner):
    before = epoch(engine)
    redis_server.kill()
    started = monotonic()

    cache.freshen([owner])

    assert monotonic() - started < EPOCH_LEASE / 2
    assert epoch(engine) == before
