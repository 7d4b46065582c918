"""Limits, as arithmetic: rules, windows, tallies, and counts in one process."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gatehouse.core.errors import TooManyRequests
from gatehouse.core.rate_limit import (
    ProcessCounter,
    Rule,
    SharedCounter,
    Tally,
    is_wide,
    limited,
    parse,
    tally,
)

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("20/minute", (Rule(20, 60),)),
        ("1/second", (Rule(1, 1),)),
        ("5/hour;9/day", (Rule(5, 3600), Rule(9, 86_400))),
        (" 20/minute ; 100/hour ", (Rule(20, 60), Rule(100, 3600))),
    ],
)
def test_rules_are_read(text, rules):
    assert parse(text) == rules


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "20/minute;",
        "20",
        "20/",
        "/minute",
        "0/minute",
        "-1/minute",
        "1.5/minute",
        "twenty/minute",
        "20/minutes",
        "20/MINUTE",
        "20/fortnight",
        "20 per minute",
        "²/minute",
        "20/minute,100/hour",
    ],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(ValueError, match=r"20/minute;100/hour|invalid literal"):
        parse(text)


@pytest.mark.parametrize(
    ("period", "now", "left"),
    [
        (60, NOON, 60),
        (60, NOON + 0.001, 60),
        (60, NOON + 1, 59),
        (60, NOON + 59, 1),
        (60, NOON + 59.999, 1),
        (86_400, NOON, 43_200),
        (1, NOON + 0.5, 1),
    ],
)
def test_a_window_ends_on_the_clock_and_never_in_zero_seconds(period, now, left):
    assert Rule(1, period).seconds_left(now) == left


def test_windows_of_one_rule_follow_each_other():
    rule = Rule(1, 60)

    assert rule.window(NOON) == rule.window(NOON + 59.999)
    assert rule.window(NOON) != rule.window(NOON + 60)
    assert rule.window(NOON) != Rule(1, 3600).window(NOON)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 1), Tally(3, 2, 60, is_over=False)),
        ((3, 3), Tally(3, 0, 60, is_over=False)),
        ((4, 4), Tally(3, 0, 60, is_over=True)),
        ((1, 10), Tally(10, 0, 3600, is_over=False)),
        ((1, 11), Tally(10, 0, 3600, is_over=True)),
        # Over in both: the one that lasts longest says when to come back.
        ((4, 11), Tally(10, 0, 3600, is_over=True)),
        ((1, 9), Tally(10, 1, 3600, is_over=False)),
    ],
)
def test_the_tightest_window_is_told(counts, expected):
    assert tally((Rule(3, 60), Rule(10, 3600)), counts, NOON) == expected


def test_being_over_is_a_refusal_that_says_when_to_come_back():
    with pytest.raises(TooManyRequests) as refused:
        Tally(3, 0, 42, is_over=True).refuse_if_over()

    assert ("Retry-After", "42") in refused.value.headers
    Tally(3, 0, 42, is_over=False).refuse_if_over()


def test_a_tally_is_told_in_headers():
    assert Tally(3, 2, 42, is_over=False).headers() == [
        ("X-RateLimit-Limit", "3"),
        ("X-RateLimit-Remaining", "2"),
        ("X-RateLimit-Reset", "42"),
    ]


def test_a_process_counts_each_caller_in_each_window():
    counter, rules = ProcessCounter(), (Rule(2, 60), Rule(3, 3600))

    told = [counter.count("ada", rules, NOON).is_over for _ in range(3)]
    bob = counter.count("bob", rules, NOON)
    next_minute = [counter.count("ada", rules, NOON + 60).is_over for _ in range(2)]

    assert told == [False, False, True]
    assert (bob.limit, bob.remaining) == (2, 1)
    # Within the new minute, yet the fourth of the hour.
    assert next_minute == [True, True]


def test_a_process_forgets_windows_that_are_over():
    counter, rules = ProcessCounter(), (Rule(1, 60),)
    for number in range(100):
        counter.count(f"caller {number}", rules, NOON)

    counter.count("one", rules, NOON + 60)

    assert len(counter._counts) == 1  # noqa: SLF001 - memory is what this is about


def test_no_count_of_a_process_is_lost_when_threads_count_at_once():
    counter, rules = ProcessCounter(), (Rule(10_000, 60),)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counter.count("ada", rules, NOON), range(2000)))

    assert counter.count("ada", rules, NOON).remaining == 10_000 - 2001


def test_a_view_is_marked_with_its_limit():
    def view() -> None:
        """Do nothing."""

    assert limited("login")(view) is view
    assert view.limit == ("login", "address")
    assert limited("60/minute", per="user")(view).limit == ("60/minute", "user")


class Told:
    """A store that notes what it is told."""

    def __init__(self) -> None:
        self.total = 0
        self.calls = 0

    def count(self, key: str, ttl: float, by: int = 1) -> tuple[int, float]:
        self.calls += 1
        self.total += by
        return self.total, ttl


def test_a_limit_of_some_dozens_is_told_of_each_call():
    store = Told()
    workers = [SharedCounter(store), SharedCounter(store)]

    remaining = [
        workers[number % 2].count("me", (Rule(30, 60),), NOON).remaining for number in range(30)
    ]

    assert remaining == list(range(29, -1, -1))
    assert workers[0].count("me", (Rule(30, 60),), NOON).is_over
    assert not is_wide((Rule(6000, 60), Rule(999, 1)))


def test_a_limit_of_thousands_is_told_of_some_at_once():
    store = Told()
    workers, rules = [SharedCounter(store), SharedCounter(store)], (Rule(6000, 60),)
    assert is_wide(rules)

    allowed = 0
    while not workers[allowed % 2].count("me", rules, NOON).is_over:
        allowed += 1

    assert 6000 <= allowed <= 6300  # Each may know of a twentieth alone.
    assert store.calls < 50


def test_what_is_counted_is_told_after_a_moment():
    """Others are not left in the dark by a worker that nobody asks any more often."""
    store = Told()
    counter, rules = SharedCounter(store), (Rule(6000, 60),)
    for number in range(5):
        counter.count("me", rules, NOON + number * 0.1)

    assert store.total == 5
