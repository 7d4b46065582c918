"""Why somebody gets no certificate. Pure."""

from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """The words that the API uses. What status each has is not known here."""

    KEY_NOT_VERIFIED = "KEY_NOT_VERIFIED"
    UNSUPPORTED_KEY_TYPE = "UNSUPPORTED_KEY_TYPE"
    WEAK_KEY = "WEAK_KEY"
    FIDO_KEY_REQUIRED = "FIDO_KEY_REQUIRED"
    INVALID_PRINCIPAL = "INVALID_PRINCIPAL"
    UNAUTHORIZED_PRINCIPALS = "UNAUTHORIZED_PRINCIPALS"
    NO_PRINCIPALS = "NO_PRINCIPALS"
    POLICY_CONFLICT = "POLICY_CONFLICT"
    TTL_TOO_LONG = "TTL_TOO_LONG"
    INVALID_SOURCE_ADDRESS = "INVALID_SOURCE_ADDRESS"
    SOURCE_ADDRESS_NOT_ALLOWED = "SOURCE_ADDRESS_NOT_ALLOWED"
    EXTENSION_NOT_ALLOWED = "EXTENSION_NOT_ALLOWED"
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    NAME_OF_A_HOST = "CONFLICT"


class Refused(Exception):
    """There is no certificate. ``details`` are for the one who asked: plain JSON values."""

    def __init__(self, reason: Reason, **details: Any) -> None:
        super().__init__(f"{reason} {details}")
        self.reason = reason
        self.details = details
