"""How well somebody must be known, as a table. Pure."""

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.oidc_provider.rules.strength import Demands, Lack, Strength

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = Strength(("pwd",))
APP_AT_HAND, KEY_AT_HAND = Strength(("pwd",), None, "mfa"), Strength(("pwd",), None, "phr")
USED_APP = Strength(("pwd", "otp"), NOW - timedelta(seconds=100), "mfa")
USED_KEY = Strength(("hwk", "user", "mfa"), NOW - timedelta(seconds=100), "phr")
HAD_APP = Strength(("pwd", "otp"), NOW - timedelta(seconds=100), "mfa")
UP, UNMET = Lack.STEP_UP, Lack.UNMET
CASES = [
    (Demands(), PASSWORD, None),
    (Demands(needs=("pwd",)), PASSWORD, None),
    (Demands(needs=("pwd",), mfa_max_age=60), PASSWORD, None),
    (Demands(needs=("mfa",)), PASSWORD, UNMET),
    (Demands(needs=("mfa",)), APP_AT_HAND, UP),
    (Demands(needs=("mfa",)), USED_APP, None),
    (Demands(needs=("mfa",)), USED_KEY, None),
    (Demands(needs=("phr",)), USED_APP, UNMET),
    (Demands(needs=("phr",)), KEY_AT_HAND, UP),
    (Demands(needs=("phishing-resistant",)), USED_KEY, None),
    (Demands(needs=("mfa", "phr")), USED_APP, UNMET),
    (Demands(needs=("mfa",), mfa_max_age=100), USED_APP, None),
    (Demands(needs=("mfa",), mfa_max_age=99), USED_APP, UP),
    (Demands(needs=("pwd",), mfa_max_age=99), USED_APP, None),
    (Demands(essential=("mfa",)), PASSWORD, UNMET),
    (Demands(essential=("mfa",)), APP_AT_HAND, UP),
    (Demands(essential=("unknown",)), USED_KEY, UNMET),
    (Demands(essential=("unknown", "pwd")), PASSWORD, None),
    (Demands(essential=("phr", "mfa")), USED_APP, None),
    (Demands(needs=("mfa",), essential=("pwd",)), APP_AT_HAND, UP),
    (Demands(wishes=("phr",)), PASSWORD, None),
]
WISHES = [
    (("phr",), PASSWORD, False),
    (("phr",), APP_AT_HAND, False),
    (("phr", "mfa"), APP_AT_HAND, True),
    (("mfa",), USED_APP, False),
    (("phr",), USED_APP, False),
    (("phr", "pwd"), KEY_AT_HAND, False),
    (("unknown",), KEY_AT_HAND, False),
    ((), KEY_AT_HAND, False),
]


@pytest.mark.parametrize(("demands", "known", "lack"), CASES)
def test_what_is_missing_follows(demands: Demands, known: Strength, lack: Lack | None):
    """CORE-37, STEP-02."""
    assert demands.lack(known, now=NOW) is lack


@pytest.mark.parametrize(("wishes", "known", "asks"), WISHES)
def test_wishes_are_met_by_whoever_can(wishes: tuple[str, ...], known: Strength, *, asks: bool):
    """CORE-36, STEP-02."""
    assert Demands(wishes=wishes).wishes_for_more(known, since=NOW) is asks


def test_whoever_was_asked_and_used_something_weaker_goes_on():
    """STEP-02: a wish is no trap."""
    has_key_used_app = Strength(("pwd", "otp"), NOW, "phr")

    assert not Demands(wishes=("phr",)).wishes_for_more(has_key_used_app, since=NOW)
    later = NOW + timedelta(seconds=1)
    assert Demands(wishes=("phr",)).wishes_for_more(has_key_used_app, since=later)
