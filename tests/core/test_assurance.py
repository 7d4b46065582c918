"""How well somebody proved who they are: which methods reach which class."""

import pytest

from gatehouse.core.assurance import LEVELS, MFA, PHISHING_RESISTANT, PWD, acr_of, reaches

pytestmark = pytest.mark.unit

REACHED = [
    ((), PWD),
    (("pwd",), PWD),
    (("otp",), PWD),
    (("user",), PWD),
    (("pwd", "user"), PWD),
    (("pwd", "otp"), MFA),
    (("pwd", "sms"), MFA),
    # A key that asked for no more than a touch is one factor.
    (("hwk", "user"), PWD),
    (("swk", "user"), PWD),
    (("pwd", "hwk", "user"), PHISHING_RESISTANT),
    (("hwk", "user", "mfa"), PHISHING_RESISTANT),
    (("swk", "user", "mfa"), PHISHING_RESISTANT),
    (("hwk", "pin"), PHISHING_RESISTANT),
    (("pwd", "otp", "swk", "user"), PHISHING_RESISTANT),
]


@pytest.mark.parametrize(("amr", "acr"), REACHED)
def test_methods_reach_a_class(amr: tuple[str, ...], acr: str):
    assert acr_of(amr) == acr


def test_a_class_reaches_itself_and_those_below():
    reached = [(acr, wanted) for acr in LEVELS for wanted in LEVELS if reaches(acr, wanted)]

    assert reached == [
        (PWD, PWD),
        (MFA, PWD),
        (MFA, MFA),
        *((PHISHING_RESISTANT, wanted) for wanted in LEVELS),
    ]
    assert not reaches("unknown", PWD)
    assert not reaches(PHISHING_RESISTANT, "unknown")
