"""When a message that failed is tried again."""

from datetime import timedelta

import pytest

from gatehouse.outbox.rules import WAITS, wait_after

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("attempts", "luck", "seconds"),
    [
        (1, 0.5, 5),
        (1, 0, 4),
        (1, 1, 6),
        (2, 0.5, 30),
        (10, 0.5, 43_200),
        (0, 0.5, 5),
    ],
)
def test_each_wait_is_longer_and_spread_by_a_fifth(attempts, luck, seconds):
    assert wait_after(attempts, luck) == timedelta(seconds=seconds)


def test_it_is_given_up_after_the_last_wait():
    assert wait_after(len(WAITS), 0.5) is not None
    assert wait_after(len(WAITS) + 1, 0.5) is None


def test_a_day_without_the_other_side_loses_nothing():
    assert sum(WAITS) * 0.8 > 22 * 3600
