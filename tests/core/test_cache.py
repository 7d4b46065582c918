"""What the cache may believe, with a real Redis and both databases."""

from time import sleep
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select, update

from gatehouse.core.cache import EPOCHS, VERSION_LENGTH, OwnedCache
from gatehouse.core.redis_link import RedisLink
from tests.core.conftest import engine_with_epochs

pytestmark = pytest.mark.integration

LIFE = 60.0
SECRET = "a secret of this house"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request, files_of_databases, shared_servers, worker) -> Engine:
    if request.param == "sqlite":
        url = f"sqlite:///{files_of_databases / f'cache-{uuid4().hex}.db'}"
    else:
        name = f"gatehouse_cache_{worker}"
        shared_servers.postgres.drop_database(name)
        shared_servers.postgres.create_database(name)
        url = shared_servers.postgres.url(name)
    with engine_with_epochs(url) as engine:
        yield engine


@pytest.fixture(scope="module")
def redis_url(shared_servers, worker) -> str:
    return shared_servers.redis.url(50 + worker)


@pytest.fixture
def cache(redis_url, engine) -> OwnedCache:
    return OwnedCache(RedisLink(redis_url), engine, SECRET)


@pytest.fixture
def another(redis_url, engine) -> OwnedCache:
    """The cache of another worker."""
    return OwnedCache(RedisLink(redis_url), engine, SECRET)


@pytest.fixture
def owner() -> str:
    return str(uuid4())


@pytest.fixture
def key() -> str:
    return uuid4().hex


def fill(cache: OwnedCache, key: str, owner: str, payload: bytes = b"payload") -> str:
    version = cache.begin(owner)
    assert version is not None
    cache.fill(key, owner, version, payload, LIFE)
    return version


def test_what_was_never_filled_is_not_found(cache, key):
    assert cache.look(key) is None
    assert cache.look(key, answer="me", counters=[("60.1", 60)]) is None


@pytest.mark.parametrize("payload", [b"", b"\x00\xff\r\n", b"x" * 10_000])
def test_an_entry_is_found_as_it_was_filled(cache, another, key, owner, payload):
    version = fill(cache, key, owner, payload)

    for worker in (cache, another):
        found = worker.look(key)
        assert found is not None
        assert (found.payload, found.version) == (payload, version)
        assert (found.answer, found.counts) == (None, ())


def test_a_version_is_one_for_the_owner_and_every_worker(cache, another, owner):
    version = cache.begin(owner)

    assert len(version) == VERSION_LENGTH
    assert another.begin(owner) == version
    assert cache.begin(str(uuid4())) != version


def test_forgetting_voids_every_entry_of_the_owner_for_every_worker(cache, another, owner):
    """Threat 82."""
    keys = [uuid4().hex for _ in range(5)]
    for key in keys:
        fill(cache, key, owner)

    another.forget([owner])

    assert [cache.look(key) for key in keys] == [None] * 5
    assert [another.look(key) for key in keys] == [None] * 5


def test_forgetting_one_owner_leaves_the_others_alone(cache, owner):
    other, one_key, other_key = str(uuid4()), uuid4().hex, uuid4().hex
    fill(cache, one_key, owner)
    fill(cache, other_key, other)

    cache.forget([owner])

    assert cache.look(one_key) is None
    assert cache.look(other_key) is not None


def test_several_owners_are_forgotten_at_once(cache):
    owners = [str(uuid4()) for _ in range(3)]
    keys = [uuid4().hex for _ in owners]
    for key, owner in zip(keys, owners, strict=True):
        fill(cache, key, owner)

    cache.forget(iter(owners))

    assert [cache.look(key) for key in keys] == [None] * 3


def test_forgetting_nobody_is_harmless(cache, key, owner):
    fill(cache, key, owner)

    cache.forget([])

    assert cache.look(key) is not None


def test_a_fill_that_was_begun_before_the_owner_was_forgotten_is_void(cache, another, key, owner):
    """Threat 241: the row was read before the revocation, the entry is written after it."""
    version = cache.begin(owner)
    another.forget([owner])

    cache.fill(key, owner, version, b"stale", LIFE)

    assert cache.look(key) is None
    assert another.look(key) is None


def test_after_forgetting_one_may_begin_again(cache, key, owner):
    old = fill(cache, key, owner)
    cache.forget([owner])

    new = fill(cache, key, owner, b"fresh")

    assert new != old
    assert cache.look(key).payload == b"fresh"


def test_an_entry_ends_with_its_time(cache, key, owner):
    version = cache.begin(owner)
    cache.fill(key, owner, version, b"payload", 0.05)
    assert cache.begin(owner) == version
    sleep(0.15)

    assert cache.look(key) is None


@pytest.mark.parametrize("seconds", [0, -1, 0.0004])
def test_what_has_no_time_left_is_not_kept(cache, key, owner, seconds):
    cache.fill(key, owner, cache.begin(owner), b"payload", seconds)

    assert cache.look(key) is None


def test_a_ready_answer_comes_with_the_entry(cache, another, key, owner):
    version = fill(cache, key, owner)
    cache.fill_answer("me", owner, version, b'{"a":1}', LIFE)

    assert another.look(key, answer="me").answer == b'{"a":1}'
    assert another.look(key, answer="other").answer is None
    assert another.look(key).answer is None


def test_a_ready_answer_of_another_owner_is_never_given(cache, owner):
    other, key, other_key = str(uuid4()), uuid4().hex, uuid4().hex
    fill(cache, key, owner)
    cache.fill_answer("me", other, fill(cache, other_key, other), b"other's", LIFE)

    assert cache.look(key, answer="me").answer is None


def test_a_ready_answer_is_void_once_the_owner_was_forgotten(cache, another, key, owner):
    version = fill(cache, key, owner)
    cache.fill_answer("me", owner, version, b"old", LIFE)
    another.forget([owner])
    fill(cache, key, owner)

    assert cache.look(key, answer="me").answer is None


def test_an_answer_that_was_begun_before_the_owner_was_forgotten_is_void(cache, key, owner):
    old = fill(cache, key, owner)
    cache.forget([owner])
    fill(cache, key, owner)

    cache.fill_answer("me", owner, old, b"stale", LIFE)

    assert cache.look(key, answer="me").answer is None


def test_counters_count_each_look_of_the_owner(cache, another, owner):
    keys = [uuid4().hex, uuid4().hex]
    for key in keys:
        fill(cache, key, owner)

    counts = [
        worker.look(key, counters=[("60.1", 60), ("3600.1", 3600)]).counts
        for worker, key in zip((cache, another, cache), (*keys, keys[0]), strict=True)
    ]

    assert counts == [(1, 1), (2, 2), (3, 3)]


def test_another_window_counts_from_one(cache, key, owner):
    fill(cache, key, owner)
    cache.look(key, counters=[("60.1", 60)])

    assert cache.look(key, counters=[("60.2", 60)]).counts == (1,)


def test_forgetting_does_not_reset_the_counters(cache, key, owner):
    """Threat 203: signing out and in again is no way around a limit."""
    fill(cache, key, owner)
    cache.look(key, counters=[("60.1", 60)])
    cache.forget([owner])
    fill(cache, key, owner)

    assert cache.look(key, counters=[("60.1", 60)]).counts == (2,)


def test_an_entry_under_an_owner_without_version_is_void(cache, key, owner):
    cache.fill(key, owner, "0" * VERSION_LENGTH, b"forged", LIFE)

    assert cache.look(key) is None


def test_a_raised_epoch_voids_everything(cache, redis_url, engine, key, owner):
    fill(cache, key, owner)
    with engine.begin() as db:
        db.execute(update(EPOCHS).values(epoch=EPOCHS.c.epoch + 1))

    started_after = OwnedCache(RedisLink(redis_url), engine, SECRET)

    assert started_after.look(key) is None


def test_forgetting_works_although_the_epoch_was_raised_by_another(
    cache, another, engine, key, owner
):
    """A worker whose lease is on the old epoch voids what others filled under the new one."""
    assert cache.look(key) is None  # Takes a lease on the old epoch.
    with engine.begin() as db:
        db.execute(update(EPOCHS).values(epoch=EPOCHS.c.epoch + 1))
    fill(another, key, owner)
    assert another.look(key) is not None

    cache.forget([owner])

    assert another.look(key) is None
    assert cache.look(key) is None


def test_a_fill_across_epochs_is_void(cache, engine, key, owner):
    version = cache.begin(owner)
    with engine.begin() as db:
        db.execute(update(EPOCHS).values(epoch=EPOCHS.c.epoch + 1))
    cache.forget([str(uuid4())])  # Reads the epoch afresh.

    cache.fill(key, owner, version, b"stale", LIFE)

    assert cache.look(key) is None


def test_an_acknowledged_forget_leaves_the_epoch_alone(cache, engine, key, owner):
    with engine.connect() as db:
        before = db.scalar(select(EPOCHS.c.epoch))
    fill(cache, key, owner)

    cache.forget([owner])

    with engine.connect() as db:
        assert db.scalar(select(EPOCHS.c.epoch)) == before


def test_nothing_is_believed_or_filled_while_it_is_held(cache, another, key, owner):
    """So a worker may die between its commit and its forget (threat 236)."""
    version = fill(cache, key, owner)

    assert another.hold([owner])

    assert cache.look(key) is None
    assert cache.begin(owner) is None
    cache.fill(key, owner, version, b"stale", LIFE)
    assert cache.look(key) is None


def test_who_held_lets_go(cache, another, key, owner):
    hold = another.hold([owner])
    another.forget([owner], hold)

    fill(cache, key, owner)

    assert another.look(key) is not None


@pytest.mark.parametrize("verb", ["forget", "freshen"])
def test_a_hold_of_somebody_else_stands(cache, another, owner, verb):
    """Two transactions end something of one owner: the first to commit frees nothing."""
    first = cache.hold([owner])
    second = another.hold([owner])

    getattr(cache, verb)([owner], first)
    assert cache.begin(owner) is None

    another.forget([owner], second)
    assert cache.begin(owner) is not None


def test_what_is_freshened_is_void(cache, another, key, owner):
    fill(cache, key, owner)

    another.freshen([owner])

    assert cache.look(key) is None
