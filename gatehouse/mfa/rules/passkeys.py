"""What using a passkey proves, and what one is called that was given no name. Pure."""

from collections.abc import Sequence

from gatehouse.core.sayings import _

PHONE_OR_COMPUTER = _("Phone or computer")
SYNCED = _("Synced passkey")
KEY = _("Security key")


def amr_of(*, is_synced: bool, is_verified: bool) -> tuple[str, ...]:
    """The methods (RFC 8176): a key that can be copied is software, somebody was there, and if the
    authenticator made sure who, these were two factors.
    """
    key = "swk" if is_synced else "hwk"
    return (key, "user", "mfa") if is_verified else (key, "user")


def usual_name(transports: Sequence[str], *, is_synced: bool) -> str:
    if is_synced:
        return str(SYNCED)
    return str(PHONE_OR_COMPUTER if {"internal", "hybrid"} & set(transports) else KEY)
