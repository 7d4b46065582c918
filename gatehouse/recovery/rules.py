"""How long a reset waits and holds, how many there may be, where an address lies. Pure."""

from datetime import datetime, timedelta

DELAY = timedelta(hours=24)
HOLDS = timedelta(days=4)  # an approval; a mail is tried for a day, and a worker may be away
MOST_IN_A_DAY = 3  # resets of one account, cancelled ones too: each is two mails


def is_too_old(created_at: datetime, now: datetime) -> bool:
    """Whether so much time went by since an approval that nobody should go by it any more."""
    return now - created_at > HOLDS


def domain_of(email_key: str) -> str:
    """Where an address lies: that domain itself, none above it."""
    return email_key.rpartition("@")[2]
