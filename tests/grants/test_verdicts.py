"""What becomes of a refresh token that is shown: the table (RT-02, RT-03, RT-04, RT-05, RT-12)."""

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.grants.rules import Family, Verdict, verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
NONE, TEN = timedelta(0), timedelta(seconds=10)


def judged(generation: int, *, grace: timedelta = NONE, rotates: bool = True, **known: object):
    usual = {"rotated_at": None, "idle_expires_at": NOW + DAY, "expires_at": NOW + DAY}
    family = Family(**{"generation": 5, "revoked_at": None, **usual, **known})
    return verdict(family, generation, NOW, grace=grace, rotates=rotates)


@pytest.mark.parametrize(
    ("generation", "grace", "rotated", "expected"),
    [
        (5, NONE, -SECOND, Verdict.TURN),
        (5, TEN, -SECOND, Verdict.TURN),
        (4, NONE, -SECOND, Verdict.REUSE),
        (4, NONE, NONE, Verdict.REUSE),
        # The request began before the one that turned the family.
        (4, NONE, SECOND, Verdict.REUSE),
        (4, TEN, SECOND, Verdict.SAME),
        (4, TEN, -9 * SECOND, Verdict.SAME),
        (4, TEN, -10 * SECOND, Verdict.REUSE),
        (3, TEN, -SECOND, Verdict.REUSE),
        (6, TEN, -SECOND, Verdict.REUSE),
    ],
)
def test_what_a_token_is_worth(generation, grace, rotated, expected):
    assert judged(generation, grace=grace, rotated_at=NOW + rotated) is expected


@pytest.mark.parametrize("generation", [3, 4, 5])
@pytest.mark.parametrize(
    "ended", [{"revoked_at": NOW}, {"expires_at": NOW}, {"idle_expires_at": NOW}]
)
def test_no_grace_revives_what_is_over(generation, ended):
    known = {"rotated_at": NOW - SECOND, **ended}
    assert judged(generation, grace=TEN, **known) is Verdict.OVER


def test_where_nothing_rotates_the_token_stays():
    assert judged(5, rotates=False) is Verdict.KEEP
    assert judged(4, rotates=False) is Verdict.REUSE
