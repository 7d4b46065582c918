"""When a signing key changes its place. Pure."""

from datetime import datetime, timedelta

ALGORITHMS = ("RS256", "ES256", "EdDSA")
JWKS_MAX_AGE = 3600  # seconds for which others may keep what they fetched
# A key is known to everybody before it signs, and as long as anything that it signed may be shown.
AHEAD = timedelta(seconds=JWKS_MAX_AGE) + timedelta(hours=24)
ACTIVE_LIFE = timedelta(days=90)
# The same in short, for a rotation that an operator wants: others may keep what they fetched, and a
# worker goes for a second by what it has read.
PLANNED_AHEAD = timedelta(seconds=JWKS_MAX_AGE + 1)
RETIRING_LIFE = timedelta(days=7)


def wants_successor(active_from: datetime, now: datetime) -> bool:
    """Whether the next key is to be published now, to be known when it takes over."""
    return now >= active_from + ACTIVE_LIFE - AHEAD


def may_come_forward(now: datetime) -> datetime:
    """A successor that would begin to sign later than this is worth being brought forward. Of two
    operators at once the second finds that of the first, which is a moment away from their own.
    """
    return now + PLANNED_AHEAD + timedelta(minutes=1)


def takes_over_at(active_from: datetime, now: datetime) -> datetime:
    """When a key that is published now may begin to sign."""
    return max(active_from + ACTIVE_LIFE, now + AHEAD)
