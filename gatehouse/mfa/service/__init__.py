"""The rules of second factors."""

from gatehouse.mfa.rules.codes import grouped
from gatehouse.mfa.service.asking import IN_API, IN_BROWSER, TO_CONFIRM, ask_anybody, ask_owner
from gatehouse.mfa.service.fresh import refuse_without_own_factor
from gatehouse.mfa.service.proving import Proven, prove_recovery_code, prove_totp, use
from gatehouse.mfa.service.registering import (
    Attestation,
    begin_passkey,
    delete_passkey,
    register_passkey,
    rename_passkey,
)
from gatehouse.mfa.service.totp import (
    Enrolment,
    confirm_totp,
    confirm_totp_with_codes,
    disable_totp,
    enrol_totp,
    find_enrolment,
    forget_factors,
    regenerate_codes,
    remove_totp,
    renew_codes,
    reset_factors,
)
from gatehouse.mfa.service.using import Assertion, prove_passkey

__all__ = [
    "IN_API",
    "IN_BROWSER",
    "TO_CONFIRM",
    "Assertion",
    "Attestation",
    "Enrolment",
    "Proven",
    "ask_anybody",
    "ask_owner",
    "begin_passkey",
    "confirm_totp",
    "confirm_totp_with_codes",
    "delete_passkey",
    "disable_totp",
    "enrol_totp",
    "find_enrolment",
    "forget_factors",
    "grouped",
    "prove_passkey",
    "prove_recovery_code",
    "prove_totp",
    "refuse_without_own_factor",
    "regenerate_codes",
    "register_passkey",
    "remove_totp",
    "rename_passkey",
    "renew_codes",
    "reset_factors",
    "use",
]
