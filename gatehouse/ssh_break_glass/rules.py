"""What the certificate for emergencies is like. Pure."""

from datetime import datetime, timedelta

from gatehouse.principals.rules import BREAK_GLASS

PRINCIPALS = (BREAK_GLASS,)
EXTENSIONS = ("permit-port-forwarding", "permit-pty")
MOST_DAYS = 365
WARNINGS = (30, 7)  # days before it ends
LEAST_PASSPHRASE, MOST_PASSPHRASE = 20, 1024
LEAST_DIFFERENT = 8
# bcrypt's work when somebody opens the file, or tries to: about a second.
ROUNDS = 64


def passphrase_problem(text: str) -> str:
    """What keeps this from being one. Plain signs alone: others are typed differently elsewhere."""
    if not LEAST_PASSPHRASE <= len(text) <= MOST_PASSPHRASE:
        return f"Must have {LEAST_PASSPHRASE} characters or more."
    if not text.isascii() or not text.isprintable():
        return "Must have plain letters, digits, signs and blanks alone (ASCII)."
    if len(set(text)) < LEAST_DIFFERENT:
        return f"Must have {LEAST_DIFFERENT} different characters or more."
    return ""


def days_left(expires_at: datetime, now: datetime) -> int:
    """Whole days, and never less than none."""
    return max((expires_at - now) // timedelta(days=1), 0)


def warning_due(expires_at: datetime, now: datetime) -> int | None:
    """Of how many days owners should have been warned by now, if of any."""
    reached = [days for days in WARNINGS if expires_at - now <= timedelta(days=days)]
    return min(reached, default=None)
