"""Passphrases and warnings, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.ssh_break_glass.rules import days_left, passphrase_problem, warning_due

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("correct horse battery staple", True),
        ("abcdefghijklmnopqrst", True),
        ("abcdefghijklmnopqrs", False),
        ("a" * 40, False),
        ("abcdefg" * 5, False),
        ("correct horse b\u00e4ttery staple", False),
        ("correct horse\tbattery staple", False),
        ("correct horse battery staple\n", False),
        ("abcdefgh" * 129, False),
    ],
)
def test_a_passphrase_is_long_and_can_be_typed_everywhere(text: str, is_good):
    assert (passphrase_problem(text) == "") is is_good


@pytest.mark.parametrize(
    ("days", "due"), [(365, None), (30.1, None), (30, 30), (8, 30), (7, 7), (0, 7), (-1, 7)]
)
def test_owners_are_warned_twice(days: float, due: int | None):
    assert warning_due(NOW + timedelta(days=days), NOW) == due


def test_days_are_whole_ones():
    assert days_left(NOW + timedelta(days=2, hours=23), NOW) == 2
    assert days_left(NOW - timedelta(days=2), NOW) == 0
