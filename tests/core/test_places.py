"""Places for streams: who gets one, and who must make way."""

from socket import socketpair

import pytest

from gatehouse.core.errors import TooManyRequests
from gatehouse.core.places import STALLED, Places

pytestmark = pytest.mark.unit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def places(clock: Clock) -> Places:
    return Places(8, clock)


def owners(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_half_of_the_threads_are_places(places: Places):
    for number in range(4):
        places.take(owners(f"one {number}"))

    with pytest.raises(TooManyRequests):
        places.take(owners("one more"))


def test_whoever_moves_keeps_the_place(places: Places, clock: Clock):
    place = places.take(owners("ada", "acme"))
    for _ in range(3):
        clock.now += STALLED - 1
        place.go_on()
        with pytest.raises(TooManyRequests):
            places.take(owners("bob", "acme"))

    place.give_back()

    places.take(owners("bob", "acme"))


def test_of_those_who_are_stuck_the_oldest_makes_way(places: Places, clock: Clock):
    oldest, *others = [places.take(owners(f"one {number}")) for number in range(4)]
    clock.now += STALLED
    for each in others:
        each.go_on()

    places.take(owners("one more"))

    with pytest.raises(TooManyRequests):
        oldest.go_on()
    for each in others:
        each.go_on()


def test_both_make_way_if_two_stand_in_the_way(places: Places, clock: Clock):
    held = [places.take(owners("ada", "own")), places.take(owners("bob", "acme"))]
    clock.now += STALLED
    held[1].go_on()
    with pytest.raises(TooManyRequests):
        places.take(owners("ada", "acme"))
    clock.now += STALLED

    places.take(owners("ada", "acme"))

    for each in held:
        with pytest.raises(TooManyRequests):
            each.go_on()


def test_threads_that_hang_on_somebody_are_counted(places: Places, clock: Clock):
    """Threat 204: two are spared for requests that are no streams, whoever stalls."""
    hung = []
    for number in range(6):
        hung.append(places.take(owners(f"one {number}")))
        clock.now += STALLED

    with pytest.raises(TooManyRequests):
        places.take(owners("one more"))
    hung[0].give_back()

    places.take(owners("one more"))


def test_a_reader_whose_connection_we_have_is_cut_off(clock: Clock):
    """Threat 204: then the thread is free, and nothing hangs on it."""
    places = Places(2, clock)
    ours, theirs = socketpair()
    with ours, theirs:
        places.take(owners("ada"), ours)
        clock.now += STALLED

        places.take(owners("bob"))

        assert theirs.recv(1) == b""
