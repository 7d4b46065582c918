"""What a preview says: who is in and why not, for how long, and all that stands in the way."""

from typing import Any

import pytest

from gatehouse.ssh_ca.rules.policies import By, Limit
from gatehouse.ssh_ca.rules.terms import Place, WhyNot
from tests.ssh_ca.asking import (
    AGENT,
    HOUR,
    NOW,
    PTY,
    asked,
    granted,
    key,
    networks,
    policy,
    told,
)
from tests.ssh_ca.test_terms import ORDER, everything_wrong

pytestmark = pytest.mark.unit

OPS = policy("ops")
LAB = policy("lab", allowed_principals=frozenset({"dev"}))
HAS = (
    granted("prod", "ops", "lab", direct=True),
    granted("dev", "lab"),
    granted("db", "lab"),
    granted("mail", "of another organization"),
)

PLACES: dict[str, tuple[tuple[str, ...] | None, list[Place]]] = {
    "nothing": (
        None,
        [
            Place(name="db", why_not=WhyNot.WITHHELD, withhold=("lab",)),
            Place(name="dev", why_not=None, departments=("lab",)),
            Place(name="mail", why_not=WhyNot.NOT_GRANTED),
            Place(
                name="prod",
                why_not=None,
                direct=True,
                departments=("ops",),
                withhold=("lab",),
            ),
        ],
    ),
    "all sorts of things": (
        ("dev", "db", "root", "a b"),
        [
            Place(name="a b", why_not=WhyNot.INVALID),
            Place(name="db", why_not=WhyNot.WITHHELD, withhold=("lab",)),
            Place(name="dev", why_not=None, departments=("lab",)),
            Place(name="mail", why_not=WhyNot.NOT_GRANTED),
            Place(
                name="prod",
                why_not=WhyNot.NOT_ASKED,
                direct=True,
                departments=("ops",),
                withhold=("lab",),
            ),
            Place(name="root", why_not=WhyNot.NOT_GRANTED),
        ],
    ),
}


@pytest.mark.parametrize(("wish", "places"), PLACES.values(), ids=PLACES)
def test_each_principal_is_told_of_when_somebody_asks_for(
    wish: tuple[str, ...] | None, places: list[Place]
):
    explained = told(OPS, LAB, has=HAS, principals=wish)
    assert list(explained.principals) == places
    assert [one.name for one in explained.principals if one.is_in] == (
        ["dev", "prod"] if wish is None else ["dev"]
    )


LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any], Limit]] = {
    "the department": ({}, {}, Limit(HOUR, By.DEPARTMENT, department="ops")),
    "the authority": ({"default_seconds": 2 * HOUR}, {}, Limit(HOUR, By.AUTHORITY)),
    "the request": ({}, {"ttl_seconds": 60}, Limit(60, By.REQUEST)),
    "the key": ({}, {"key": key(expires_at=NOW.replace(minute=10))}, Limit(600, By.KEY)),
    "the department, where the key is over": (
        {},
        {"key": key(expires_at=NOW)},
        Limit(HOUR, By.DEPARTMENT, department="ops"),
    ),
    "the department, of a request for more": (
        {},
        {"ttl_seconds": 9 * HOUR},
        Limit(HOUR, By.DEPARTMENT, department="ops"),
    ),
    "the department, of a request for nothing": (
        {},
        {"ttl_seconds": 0},
        Limit(HOUR, By.DEPARTMENT, department="ops"),
    ),
}


@pytest.mark.parametrize(("demands", "wish", "limit"), LIMITS.values(), ids=LIMITS)
def test_who_limits_the_life_is_told(demands: dict[str, Any], wish: dict[str, Any], limit: Limit):
    assert told(policy("ops", **demands), **wish).ttl == limit


def test_the_most_that_there_is_is_told_beside_what_there_will_be():
    explained = told(policy("ops", allow_user_expiry=True, max_seconds=5 * HOUR), ttl_seconds=60)
    assert explained.longest == Limit(5 * HOUR, By.DEPARTMENT, department="ops")


def test_what_is_explained_is_what_will_be_signed():
    strict = policy(
        "ops",
        extensions=frozenset({PTY, AGENT}),
        force_command="backup",
        source_cidrs=networks("10.0.0.0/8"),
        mfa_max_age=600,
    )
    explained = told(strict, mfa_time=NOW)
    signed = asked(strict, mfa_time=NOW)

    assert explained.terms == signed
    assert explained.refusals == ()
    assert explained.ttl == signed.ttl
    assert explained.extensions == signed.extensions == (AGENT, PTY)
    assert explained.critical_options == signed.critical_options
    assert explained.departments == signed.departments == ("ops",)
    assert explained.mfa_max_age == 600


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_checks():
    policies, scene = everything_wrong()

    explained = told(*policies, **scene)
    reasons = [refused.reason.value for refused in explained.refusals]
    assert explained.terms is None
    assert "WEAK_KEY" in reasons
    assert [one for one in reasons if one != "WEAK_KEY"] == [reason for reason, _ in ORDER]


def test_what_would_hold_without_what_is_refused_is_shown():
    strict = policy("ops", source_cidrs=networks("10.0.0.0/8"), extensions=frozenset({PTY}))
    explained = told(
        strict,
        principals=("prod", "root"),
        source_addresses=("10.1.0.0/16", "192.0.2.7"),
        extensions=(PTY, AGENT),
    )

    assert len(explained.refusals) == 3
    assert explained.terms is None
    assert explained.extensions == (PTY,)
    assert explained.critical_options == {"source-address": "10.1.0.0/16"}


def test_without_any_principal_only_the_key_is_judged():
    explained = told(policy("ops", require_fido=True), has=(), key=key(verified_at=None))

    reasons = [refused.reason.value for refused in explained.refusals]
    assert reasons == ["KEY_NOT_VERIFIED", "NO_PRINCIPALS"]
    assert explained.ttl is explained.longest is explained.terms is None
    assert explained.principals == ()
