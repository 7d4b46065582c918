"""Codes of authenticator apps (RFC 6238) and codes to recover with. Pure."""

import re
from collections.abc import Iterable

from pyotp import TOTP, random_base32
from pyotp.utils import strings_equal

OTP = "otp"  # RFC 8176
DIGITS = 6
STEP = 30  # seconds
DRIFT = 1  # steps that a clock may be off, either way
SECRET_LENGTH = 32  # characters of base 32: 160 bits
RECOVERY_CODES = 10
RECOVERY_BYTES = 8
CODE = re.compile(r"[0-9]{6}")
RECOVERY_CODE = re.compile(r"[0-9A-F]{16}")


def new_secret() -> str:
    return random_base32(SECRET_LENGTH)


def enrolment_uri(secret: str, *, account: str, issuer: str) -> str:
    """What an authenticator app reads from the picture (the key URI format of otpauth)."""
    return TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_of(code: str, secret: str, *, now: float, last_step: int) -> int | None:
    """The time step whose code this is, if it is one that may still be used.

    All are looked at, so that the time it takes says nothing.
    """
    here = int(now) // STEP
    totp = TOTP(secret)
    fitting = [
        step
        for step in range(here - DRIFT, here + DRIFT + 1)
        if strings_equal(code, totp.generate_otp(step))
    ]
    return next((step for step in fitting if step > last_step), None)


def recovery_code(raw: bytes) -> str:
    return raw.hex().upper()


def as_recovery_code(typed: str) -> str:
    """What was typed, without the blanks and hyphens that people put in."""
    return re.sub(r"[\s-]", "", typed).upper()


def grouped(codes: Iterable[str]) -> list[str]:
    """As people read them: in groups of four."""
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]
