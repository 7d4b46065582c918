"""How a certificate stands. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

MARGIN = timedelta(minutes=15)  # A machine whose clock is behind believes one that has ended.


class CertificateState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(
    valid_before: datetime, revoked_at: datetime | None, now: datetime
) -> CertificateState:
    """What was revoked stays so."""
    if revoked_at is not None:
        return CertificateState.REVOKED
    return CertificateState.VALID if now < valid_before else CertificateState.EXPIRED
