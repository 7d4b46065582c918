"""What has to happen before a request is granted, as a table. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gatehouse.clients.rules import Options
from gatehouse.oidc_provider.rules.asked import Asked
from gatehouse.oidc_provider.rules.interaction import (
    Person,
    Situation,
    Step,
    must_agree,
    next_step,
)
from gatehouse.oidc_provider.rules.strength import Demands, Lack, Strength

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = Asked(redirect_uri="https://a.example/cb", response_mode="query", scopes=("openid",))
KIM = Person("kim", NOW - timedelta(minutes=5), Strength(("pwd",)))
FINE = Situation(
    now=NOW,
    begun_at=NOW - timedelta(minutes=1),
    chosen_at=None,
    has_agreed_now=False,
    agreed=True,
    may_enter=True,
    default_max_age=None,
    demands=Demands(),
    always_chooses=False,
)
HAS_APP, HAS_KEY = Strength(("pwd",), None, "mfa"), Strength(("pwd",), None, "phr")
NEEDS_MFA, WISHES_PHR = Demands(needs=("mfa",)), Demands(wishes=("phr",))
JUST_NOW = {"auth_time": NOW}
CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], Step]] = [
    ({}, {}, {}, Step.GRANTED),
    ({"prompt": {"login"}}, {}, {}, Step.CONFIRM),
    ({"prompt": {"login"}}, JUST_NOW, {}, Step.GRANTED),
    ({"prompt": {"select_account"}}, {}, {}, Step.CHOOSE),
    ({"prompt": {"select_account"}}, {}, {"chosen_at": NOW}, Step.GRANTED),
    ({"prompt": {"select_account"}}, JUST_NOW, {}, Step.GRANTED),
    ({"prompt": {"create"}}, {}, {}, Step.CHOOSE),
    ({"prompt": {"create"}}, JUST_NOW, {}, Step.GRANTED),
    ({"prompt": {"consent"}}, {}, {}, Step.CONSENT),
    ({"prompt": {"consent"}}, {}, {"has_agreed_now": True}, Step.GRANTED),
    ({"prompt": {"login", "consent"}}, {}, {}, Step.CONFIRM),
    ({"max_age": 0}, {}, {}, Step.CONFIRM),
    ({"max_age": 0}, JUST_NOW, {}, Step.GRANTED),
    ({"max_age": 299}, {}, {}, Step.CONFIRM),
    ({"max_age": 300}, {}, {}, Step.GRANTED),
    ({}, {}, {"default_max_age": 60}, Step.CONFIRM),
    ({"max_age": 600}, {}, {"default_max_age": 60}, Step.GRANTED),
    ({"only_subs": {"kim", "max"}}, {}, {}, Step.GRANTED),
    ({"only_subs": {"lee", "max"}}, {}, {}, Step.OTHER_PERSON),
    ({"only_subs": {"lee"}}, JUST_NOW, {}, Step.OTHER_PERSON),
    ({"acr_values": ("phr",)}, {}, {}, Step.GRANTED),
    ({}, {}, {"demands": NEEDS_MFA}, Step.UNMET),
    ({}, {"known": HAS_APP}, {"demands": NEEDS_MFA}, Step.STEP_UP),
    ({}, {"known": HAS_APP}, {"demands": WISHES_PHR}, Step.GRANTED),
    ({}, {"known": HAS_KEY}, {"demands": WISHES_PHR}, Step.STEP_UP),
    ({"prompt": {"none"}}, {"known": HAS_KEY}, {"demands": WISHES_PHR}, Step.GRANTED),
    ({"prompt": {"none"}}, {"known": HAS_KEY}, {"demands": NEEDS_MFA}, Step.STEP_UP),
    ({"prompt": {"login"}}, {"known": HAS_APP}, {"demands": NEEDS_MFA}, Step.CONFIRM),
    ({}, {"known": HAS_APP}, {"demands": NEEDS_MFA, "may_enter": False}, Step.STEP_UP),
    ({}, {}, {"policy": Lack.ENROL}, Step.ENROL),
    ({}, {}, {"policy": Lack.STEP_UP}, Step.STEP_UP),
    ({}, {}, {"policy": Lack.ENROL, "demands": NEEDS_MFA}, Step.UNMET),
    ({"prompt": {"login"}}, {}, {"policy": Lack.ENROL}, Step.CONFIRM),
    ({}, {}, {"may_enter": False, "agreed": False}, Step.NO_ACCESS),
    ({}, {}, {"agreed": False}, Step.CONSENT),
    ({}, {}, {"always_chooses": True}, Step.CHOOSE),
]


@pytest.mark.parametrize(("asked", "person", "found", "step"), CASES)
def test_the_next_step_follows(asked, person, found, step: Step):
    """CORE-21 to CORE-29, CORE-33, CORE-36, CORE-37, CORE-67, STEP-01."""
    asked = {k: frozenset(v) if k == "prompt" else v for k, v in asked.items()}
    wanted, known = replace(ASKED, **asked), replace(KIM, **person)

    assert next_step(wanted, known, replace(FINE, **found)) is step
    assert next_step(wanted, None, replace(FINE, **found)) is Step.SIGN_IN


NATIVE = {"application_type": "native"}


@pytest.mark.parametrize(
    ("options", "uri", "scopes", "is_trusted", "must"),
    [
        ({}, "https://a.example/", ("openid",), False, True),
        ({}, "https://a.example/", ("openid", "offline_access"), True, False),
        ({"consent": "skip"}, "https://a.example/", ("openid",), False, False),
        ({"consent": "skip"}, "https://a.example/", ("offline_access",), False, True),
        (NATIVE, "com.example.app:/cb", ("openid",), True, True),
        (NATIVE, "http://127.0.0.1/cb", ("openid",), True, True),
        (NATIVE, "https://a.example/", ("openid",), True, False),
    ],
)
def test_who_is_asked_for_consent(options, uri, scopes, is_trusted, must):
    """RFC 8252 8.6, threat 35."""
    asked = replace(ASKED, redirect_uri=uri, scopes=scopes)

    assert must_agree(Options(**options), asked, is_trusted=is_trusted) is must
