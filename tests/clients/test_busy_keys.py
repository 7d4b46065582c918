"""Keys of many: whoever names silent or countless addresses keeps nobody else from theirs. Threats
62, 204.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from gatehouse.clients.adapters import (
    FRESH,
    LONGEST_REST,
    MOST_ADDRESSES,
    RESTS,
    STALE,
    FetchedKeys,
)
from gatehouse.clients.errors import KeysBusy
from tests.clients.test_keys_of_clients import Published, clock, keys, kids, serving
from tests.proving import Signer

__all__ = ["clock", "keys"]

pytestmark = pytest.mark.integration
SIGNER, OTHER = Signer("ES256", "first"), Signer("ES256", "second")


@pytest.fixture
def good() -> Iterator[Published]:
    with serving() as found:
        found.publish(SIGNER)
        yield found


@contextmanager
def held(keys: FetchedKeys, published: Published, asker: Any = None) -> Iterator[list[Any]]:
    """Somebody waits for this address while the block goes on; then the list has the answer."""
    go, arrived, found = Event(), Event(), list[Any]()

    def wait() -> None:
        arrived.set()
        go.wait(3)

    published.before = wait
    asking = Thread(target=lambda: found.append(kids(keys.at(published.url, asked_by=asker))))
    asking.start()
    try:
        assert arrived.wait(3)
        yield found
    finally:
        go.set()
        asking.join()


def test_of_too_many_addresses_those_go_that_nobody_uses(keys, clock, good):
    """Addresses without keys put out none that has some, and countless good ones none in use."""
    keys.at(good.url)
    for number in range(2 * MOST_ADDRESSES):
        clock.now += 0.01
        keys.at(f"http://10.0.0.1/{number}")
    assert kids(keys.at(good.url)) == ["first"]
    for number in range(2 * MOST_ADDRESSES):
        clock.now += 0.01
        assert kids(keys.at(f"{good.url}?{number}")) == ["first"]
        if number % 100 == 0:
            keys.at(good.url)
    asked = good.asked
    assert kids(keys.at(good.url)) == ["first"]
    assert (good.asked, len(keys._kept)) == (asked, MOST_ADDRESSES)  # noqa: SLF001 - nobody is told


def test_one_who_asks_does_not_hold_all_places(keys, good):
    asker, other = uuid4(), uuid4()
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(held(keys, stack.enter_context(serving()), asker))
        with pytest.raises(KeysBusy):
            keys.at(good.url, asked_by=asker)
        assert kids(keys.at(good.url, asked_by=other)) == ["first"]
    assert kids(keys.at(good.url, asked_by=asker)) == ["first"]


def test_whose_answers_are_slow_leaves_the_places_to_others(keys, clock, good):
    """Longer each time, but not for ever; what is known goes on."""
    asker, seconds = uuid4(), 4.0

    def be_slow() -> None:
        clock.now += seconds

    with serving() as slow:
        slow.publish(SIGNER)
        slow.before = be_slow
        for number, rest in enumerate((seconds * RESTS, 2 * seconds * RESTS)):
            url = f"{slow.url}?{number}"
            assert kids(keys.at(url, asked_by=asker)) == ["first"]
            clock.now += rest - 1
            with pytest.raises(KeysBusy):
                keys.at(good.url, asked_by=asker)
            assert kids(keys.at(url, asked_by=asker)) == ["first"]
            clock.now += 1
        for number in range(10):
            keys.at(f"{slow.url}?again{number}", asked_by=asker)
            clock.now += LONGEST_REST
    assert kids(keys.at(good.url, asked_by=asker)) == ["first"]
    assert kids(keys.at(good.url, asked_by=uuid4())) == ["first"]


def test_whoever_has_keys_waits_for_nobody(keys, clock, good):
    """While somebody fetches them anew, and when there is no place to."""
    keys.at(good.url)
    clock.now += FRESH
    with held(keys, good) as renewed:
        begun = monotonic()
        for _ in range(20):
            assert kids(keys.at(good.url)) == ["first"]
        assert monotonic() - begun < 1
    assert (renewed, good.asked) == ([["first"]], 2)
    clock.now += FRESH
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(held(keys, stack.enter_context(serving())))
        assert kids(keys.at(good.url)) == ["first"]
        clock.now += STALE
        with pytest.raises(KeysBusy):
            keys.at(good.url)
    assert good.asked == 2


def test_who_needs_a_new_key_waits_for_whoever_asks(keys, clock, good):
    keys.at(good.url)
    clock.now += FRESH
    good.publish(SIGNER, OTHER)
    found: list[Any] = []
    with held(keys, good, uuid4()):
        waiting = Thread(target=lambda: found.append(kids(keys.at(good.url, "second"))))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join()

    assert (found, good.asked) == ([["first", "second"]], 2)
