"""The rules of second factors."""

from gatehouse.mfa.rules import grouped
from gatehouse.mfa.service.proving import Proven, prove_recovery_code, prove_totp, use
from gatehouse.mfa.service.totp import (
    Enrolment,
    confirm_totp,
    enrol_totp,
    find_enrolment,
    forget_factors,
    remove_totp,
    renew_codes,
    reset_factors,
)

__all__ = [
    "Enrolment",
    "Proven",
    "confirm_totp",
    "enrol_totp",
    "find_enrolment",
    "forget_factors",
    "grouped",
    "prove_recovery_code",
    "prove_totp",
    "remove_totp",
    "renew_codes",
    "reset_factors",
    "use",
]
