"""How a host stands, and what may be said of one. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from gatehouse.ssh_ca.rules.principals import is_principal

MOST_ACCOUNTS = 50
MOST_PRINCIPALS = 100  # of one account
# useradd(8), CAVEATS; and the name of a file in the folder of AuthorizedPrincipalsFile.
ACCOUNT = re.compile(r"[a-z_][a-z0-9._-]{0,31}")
RENEWABLE_AFTER_ITS_END = timedelta(days=7)


class HostState(StrEnum):
    """``waiting`` has no certificate yet; ``suspended`` gets no new one, and has its own again
    when it is not; ``revoked`` has none, and its keys get no other.
    """

    WAITING = "waiting"
    ENROLLED = "enrolled"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


def state_of(
    *,
    now: datetime,
    expires_at: datetime | None,
    suspended_at: datetime | None,
    revoked_at: datetime | None,
) -> HostState:
    """What was revoked stays so until it is enrolled anew, whatever else holds."""
    if revoked_at is not None:
        return HostState.REVOKED
    if suspended_at is not None:
        return HostState.SUSPENDED
    if expires_at is None:
        return HostState.WAITING
    return HostState.ENROLLED if now < expires_at else HostState.EXPIRED


def due_at(certified_at: datetime, expires_at: datetime) -> datetime:
    """When a third of a certificate's life is left: from then on it is to be renewed."""
    return expires_at - (expires_at - certified_at) / 3


def days_left(expires_at: datetime, now: datetime) -> int:
    """Whole days; 0 on the last one, and after it."""
    return max((expires_at - now).days, 0)


def wrong_accounts(accounts: Iterable[str]) -> list[str]:
    return [account for account in accounts if not ACCOUNT.fullmatch(account)]


def wrong_principals(accounts: Mapping[str, Sequence[str]]) -> list[str]:
    found = {name for listed in accounts.values() for name in listed if not is_principal(name)}
    return sorted(found)
