"""What every EphemeralStore promises: the table, Redis, and one behind the other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from uuid import uuid4

import pytest

pytestmark = pytest.mark.integration

LONG = 60
SHORT = 0.05
PAST_SHORT = 0.15
CROWD = 20


@pytest.fixture
def key() -> str:
    return f"test:{uuid4()}"


def at_once(function, times: int = CROWD, threads: int = CROWD):
    """Call ``function`` so many times from threads that start together."""
    start = Barrier(threads)

    def run(_number: int):
        start.wait()
        return [function() for _ in range(times // threads)]

    with ThreadPoolExecutor(threads) as pool:
        return [answer for part in pool.map(run, range(threads)) for answer in part]


def test_what_is_put_is_there(store, key):
    assert store.put(key, b"value", LONG) is True

    assert store.get(key) == b"value"
    assert LONG - 5 < store.seconds_left(key) <= LONG


@pytest.mark.parametrize("value", [b"", b"\x00\xff\r\n", b"x" * 100_000])
def test_any_bytes_come_back_as_they_were(store, key, value):
    store.put(key, value, LONG)

    assert store.get(key) == value
    assert store.take(key) == value


def test_nothing_is_nowhere(store, key):
    assert store.get(key) is None
    assert store.take(key) is None
    assert store.seconds_left(key) == 0
    store.delete(key)
    store.extend(key, LONG)
    assert store.get(key) is None


@pytest.mark.parametrize(
    "name", ["<uuid:org_id>", "a b", "ü", "'; DROP TABLE ephemeral; --", "{x}", "%s", "*"]
)
def test_a_key_is_literal(store, key, name):
    store.put(f"{key}{name}", b"value", LONG)

    assert store.get(f"{key}{name}") == b"value"
    assert store.get(key) is None


def test_a_key_may_have_200_characters(store, key):
    long_key = key.ljust(200, "x")
    store.put(long_key, b"value", LONG)

    assert store.get(long_key) == b"value"
    assert store.get(long_key[:-1]) is None


def test_putting_again_replaces_value_and_time(store, key):
    store.put(key, b"old", SHORT)
    store.put(key, b"new", LONG)

    sleep(PAST_SHORT)

    assert store.get(key) == b"new"


def test_what_is_there_is_not_replaced_if_only_absent_was_said(store, key):
    assert store.put(key, b"first", LONG, only_if_absent=True) is True
    assert store.put(key, b"second", LONG, only_if_absent=True) is False

    assert store.get(key) == b"first"


def test_what_has_expired_counts_as_absent(store, key):
    store.put(key, b"first", SHORT)
    sleep(PAST_SHORT)

    assert store.put(key, b"second", LONG, only_if_absent=True) is True
    assert store.get(key) == b"second"


def test_a_value_expires(store, key):
    store.put(key, b"value", SHORT)
    sleep(PAST_SHORT)

    assert store.get(key) is None
    assert store.take(key) is None
    assert store.seconds_left(key) == 0


def test_a_value_can_be_taken_once(store, key):
    store.put(key, b"value", LONG)

    assert store.take(key) == b"value"
    assert store.take(key) is None
    assert store.get(key) is None


def test_of_many_who_take_at_once_one_gets_it(store, key):
    store.put(key, b"value", LONG)

    taken = at_once(lambda: store.take(key))

    assert taken.count(b"value") == 1
    assert taken.count(None) == CROWD - 1


def test_of_many_who_put_what_is_absent_one_succeeds(store, key):
    succeeded = at_once(lambda: store.put(key, b"value", LONG, only_if_absent=True))

    assert succeeded.count(True) == 1


def test_counting_begins_with_one_and_tells_the_time_left(store, key):
    counts = [store.count(key, LONG) for _ in range(3)]

    assert [count for count, _ in counts] == [1, 2, 3]
    assert all(LONG - 5 < left <= LONG for _, left in counts)


def test_the_time_of_a_counter_starts_with_the_first(store, key):
    store.count(key, 5)
    _, left = store.count(key, LONG)

    assert left <= 5


def test_a_counter_that_expired_begins_anew(store, key):
    store.count(key, SHORT)
    store.count(key, SHORT)
    sleep(PAST_SHORT)

    count, left = store.count(key, LONG)

    assert count == 1
    assert left > LONG - 5


def test_no_count_is_lost_when_many_count_at_once(store, key):
    """Threat 115: of 100 parallel guesses not one escapes the count."""
    counts = at_once(lambda: store.count(key, LONG)[0], times=100, threads=10)

    assert sorted(counts) == list(range(1, 101))


def test_extending_lets_a_key_live_on(store, key):
    store.put(key, b"value", LONG / 2)
    store.extend(key, LONG)

    assert store.get(key) == b"value"
    assert store.seconds_left(key) > LONG - 5


def test_extending_does_not_change_a_count(store, key):
    store.count(key, LONG)
    store.extend(key, 2 * LONG)

    count, left = store.count(key, LONG)

    assert count == 2
    assert left > LONG


def test_extending_does_not_revive_what_has_expired(store, key):
    store.put(key, b"value", SHORT)
    sleep(PAST_SHORT)
    store.extend(key, LONG)

    assert store.get(key) is None


def test_deleting_forgets_values_and_counts(store, key):
    store.put(key, b"value", LONG)
    store.delete(key)
    assert store.get(key) is None

    store.count(key, LONG)
    store.count(key, LONG)
    store.delete(key)
    assert store.count(key, LONG)[0] == 1


def test_keys_do_not_touch_each_other(store, key):
    store.put(f"{key}:a", b"a", LONG)
    store.put(f"{key}:b", b"b", LONG)

    store.delete(f"{key}:a")

    assert store.get(f"{key}:b") == b"b"
