"""Codes of authenticator apps: RFC 6238, appendix B, and what becomes of each time step."""

from base64 import b32encode

import pytest
from pyotp import TOTP

from gatehouse.mfa.rules.codes import (
    STEP,
    as_recovery_code,
    enrolment_uri,
    grouped,
    new_secret,
    recovery_code,
    step_of,
)

pytestmark = pytest.mark.unit

SECRET = b32encode(b"12345678901234567890").decode()
# RFC 6238, appendix B, SHA-1: the last six of its eight digits.
PUBLISHED = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
NOW = 1_800_000_000
HERE = NOW // STEP


@pytest.mark.parametrize(("seconds", "code"), PUBLISHED.items())
def test_codes_are_those_of_the_specification(seconds: int, code: str):
    assert step_of(code, SECRET, now=seconds, last_step=0) == seconds // STEP


@pytest.mark.parametrize(
    ("off", "last_step", "taken"),
    [
        (0, 0, True),
        (-1, 0, True),
        (1, 0, True),
        (-2, 0, False),
        (2, 0, False),
        (0, HERE - 1, True),
        (0, HERE, False),
        (-1, HERE, False),
        (-1, HERE - 1, False),
        (1, HERE, True),
        (1, HERE + 1, False),
        (0, HERE + 1, False),
    ],
)
def test_a_step_is_good_once_and_near_now(off: int, last_step: int, *, taken: bool):
    """Threats 125, 126."""
    code = TOTP(SECRET).generate_otp(HERE + off)

    found = step_of(code, SECRET, now=NOW, last_step=last_step)

    assert found == (HERE + off if taken else None)


@pytest.mark.parametrize("code", ["", "0", "abcdef", "0" * 7, "٠١٢٣٤٥", "12345é"])
def test_what_is_no_code_is_nobodys(code: str):
    assert step_of(code, SECRET, now=NOW, last_step=0) is None


def test_a_secret_is_160_bits_and_named_for_the_app():
    secret = new_secret()
    uri = enrolment_uri(secret, account="kim@example.com", issuer="Gate & House")

    assert len(secret) == 32
    assert secret != new_secret()
    assert uri.startswith("otpauth://totp/Gate%20%26%20House:kim%40example.com?secret=" + secret)
    assert uri.endswith("issuer=Gate%20%26%20House")


def test_recovery_codes_are_read_as_people_type_them():
    code = recovery_code(bytes(range(8)))

    assert code == "0001020304050607"
    assert grouped([code]) == ["0001-0203-0405-0607"]
    assert as_recovery_code(" 0001-0203 0405-0607\n") == code
    assert as_recovery_code("00 01-abcd") == "0001ABCD"
