"""Codes that people type for a device, and how often the device may ask (RFC 8628). Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from secrets import choice

# No vowels, so that no words come out, and nothing that is mistaken for a digit (RFC 8628 6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8  # 34 bits
LIFE = timedelta(minutes=10)
INTERVAL = 5  # seconds between two polls
SLOWER = 5  # seconds more for each that came too early (RFC 8628 3.5)
LONGEST_INTERVAL = 60
SLACK = timedelta(seconds=1)  # that a network may take off an interval


class Poll(StrEnum):
    """What a device hears of a request that nobody has answered yet."""

    PENDING = "authorization_pending"
    TOO_FAST = "slow_down"


def new_user_code() -> str:
    return "".join(choice(LETTERS) for _ in range(LENGTH))


def user_code_of(text: str) -> str | None:
    """The code that was meant, however it was typed; None if it cannot be one."""
    bare = "".join(sign for sign in text.upper() if sign not in "- \u2010\u2011\u2013.")
    is_whole = len(bare) == LENGTH and all(sign in LETTERS for sign in bare)
    return bare if is_whole else None


def spoken(user_code: str) -> str:
    """The code as it is shown: WDJB-MJHT."""
    return f"{user_code[: LENGTH // 2]}-{user_code[LENGTH // 2 :]}"


def poll_of(now: datetime, polled_at: datetime | None, interval: int) -> Poll:
    """Whether a device waited as long as it was told to."""
    if polled_at is None or now >= polled_at + timedelta(seconds=interval) - SLACK:
        return Poll.PENDING
    return Poll.TOO_FAST


def interval_after(poll: Poll, interval: int) -> int:
    if poll is Poll.PENDING:
        return interval
    return min(interval + SLOWER, LONGEST_INTERVAL)
