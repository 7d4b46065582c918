"""When a message that failed is tried again. Pure."""

from datetime import timedelta

# Waits after the first, second ... try, in seconds: 28 hours in all, then it is given up.
WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200)
SPREAD = 0.2
# What waits for longer than any of these was put off by a clock that was wrong.
LONGEST_WAIT = timedelta(seconds=max(WAITS) * (1 + SPREAD), minutes=10)


def wait_after(attempts: int, luck: float) -> timedelta | None:
    """How long to wait after so many tries, or None to give up.

    ``luck`` between 0 and 1 spreads the waits by a fifth, so that what failed together does not
    come back together.
    """
    if attempts > len(WAITS):
        return None
    return timedelta(seconds=WAITS[max(attempts, 1) - 1] * (1 + SPREAD * (2 * luck - 1)))
