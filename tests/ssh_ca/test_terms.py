"""What a certificate says, and when there is none (threats 214, 217, 221 and 225)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gatehouse.ssh_ca.rules.policies import (
    STANDARD,
    AuthorityLimits,
    By,
    DepartmentPolicy,
    Limit,
    OrganizationPolicy,
)
from tests.ssh_ca.asking import (
    AGENT,
    ED25519,
    HOUR,
    NOW,
    PORTS,
    PTY,
    RSA,
    SK,
    asked,
    fido,
    granted,
    key,
    networks,
    policy,
    why,
)

pytestmark = pytest.mark.unit

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
CHOOSING = policy("a", allow_user_expiry=True, default_seconds=HOUR, max_seconds=8 * HOUR)


def test_who_asks_for_nothing_gets_all_that_there_is():
    terms = asked(policy("a"), has=[granted("prod", "a"), granted("dev")])

    assert terms.principals == ("dev", "prod")
    assert terms.valid_after == NOW - timedelta(seconds=300)
    assert terms.valid_before == NOW + timedelta(hours=1)
    assert terms.extensions == tuple(sorted(STANDARD))
    assert terms.critical_options == {}
    assert terms.departments == ("a",)


@pytest.mark.parametrize("backdate", [0, 60, 300, 900])
def test_the_end_does_not_move_with_the_beginning(backdate: int):
    """SSH-02."""
    terms = asked(CHOOSING, ttl_seconds=60, limits=AuthorityLimits(backdate_seconds=backdate))

    assert terms.valid_after == NOW - timedelta(seconds=backdate)
    assert terms.valid_before == NOW + timedelta(seconds=60)


def test_a_certificate_counts_in_whole_seconds():
    terms = asked(CHOOSING, now=NOW + timedelta(microseconds=999_999), ttl_seconds=1)
    assert terms.valid_before == NOW + SECOND
    assert terms.valid_after == NOW - timedelta(seconds=300)


UNPROVED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "not proved": ({"verified_at": None}, {"why": "unverified"}),
    "over": ({"expires_at": NOW - SECOND}, {"why": "expired"}),
    "over just now": ({"expires_at": NOW}, {"why": "expired"}),
    "over before a whole second has passed": (
        {"expires_at": NOW + SECOND / 2},
        {"why": "expired"},
    ),
    "over and not proved": ({"verified_at": None, "expires_at": NOW}, {"why": "expired"}),
    "proved too long ago": (
        {"verified_at": NOW - 30 * DAY - SECOND},
        {"why": "too_long_ago", "reverify_days": 30},
    ),
}


@pytest.mark.parametrize(("facts", "details"), UNPROVED.values(), ids=UNPROVED)
def test_there_is_no_certificate_for_a_key_that_is(facts: dict[str, Any], details: dict[str, Any]):
    scene = {"key": key(**facts), "organization": OrganizationPolicy(reverify_days=30)}
    assert why(asked, policy("a"), **scene) == ("KEY_NOT_VERIFIED", details)


def test_a_key_that_was_proved_lately_enough_is_good():
    lately = key(verified_at=NOW - 30 * DAY)
    assert asked(key=lately, organization=OrganizationPolicy(reverify_days=30))


def test_a_proof_is_good_for_ever_where_nobody_says_otherwise():
    assert asked(key=key(verified_at=NOW - 3650 * DAY))


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], Any, str | None]] = {
    "an RSA key of enough bits": ({}, {}, key(type=RSA, bits=3072), None),
    "an RSA key of too few": ({}, {}, key(type=RSA, bits=3071), "WEAK_KEY"),
    "an RSA key of few, where few are enough": (
        {"min_rsa_bits": 2048}, {}, key(type=RSA, bits=2048), None,
    ),
    "an Ed25519 key, whose bits are other bits": ({}, {}, key(), None),
    "a type that a department does not take": (
        {}, {"allowed_key_types": frozenset({SK})}, key(), "UNSUPPORTED_KEY_TYPE",
    ),
    "a type that it takes": ({}, {"allowed_key_types": frozenset({ED25519})}, key(), None),
    "a file, where the organization wants hardware": (
        {"require_fido": True}, {}, key(), "FIDO_KEY_REQUIRED",
    ),
    "hardware, where the organization wants it": ({"require_fido": True}, {}, fido(), None),
    "a file, where a department wants hardware": (
        {}, {"require_fido": True}, key(), "FIDO_KEY_REQUIRED",
    ),
    "hardware, where a department wants it": (
        {}, {"require_fido": True}, fido(proved_with_pin=False), None,
    ),
    "a file, where a department wants a PIN": (
        {}, {"require_pin": True}, key(proved_with_pin=True), "FIDO_KEY_REQUIRED",
    ),
    "a file without a PIN, where a department wants one": (
        {}, {"require_pin": True}, key(), "FIDO_KEY_REQUIRED",
    ),
    "hardware with a PIN, where a department wants it": ({}, {"require_pin": True}, fido(), None),
    "hardware that did not ask for the PIN": (
        {}, {"require_pin": True}, fido(proved_with_pin=False), "KEY_NOT_VERIFIED",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("wide", "narrow", "used", "reason"), KINDS.values(), ids=KINDS)
def test_the_kind_of_key_counts(
    wide: dict[str, Any], narrow: dict[str, Any], used: Any, reason: str | None
):
    scene = {"key": used, "organization": OrganizationPolicy(**wide)}
    if reason is None:
        assert asked(policy("a", **narrow), **scene)
    else:
        assert why(asked, policy("a", **narrow), **scene)[0] == reason


def test_what_would_be_a_good_key_is_told():
    only = policy("a", allowed_key_types=frozenset({SK, ED25519}))
    rsa = key(type=RSA, bits=4096)

    assert why(asked, only, key=rsa) == ("UNSUPPORTED_KEY_TYPE", {"allowed": [SK, ED25519]})
    assert why(asked, key=replace(rsa, bits=2048)) == ("WEAK_KEY", {"min_bits": 3072})


TOO_LONG = {"min_seconds": 1, "max_seconds": 8 * HOUR}
LIVES: dict[str, tuple[dict[str, Any], Limit | None]] = {
    "nothing: the default": ({}, Limit(HOUR, By.DEPARTMENT, department="a")),
    "one second": ({"ttl_seconds": 1}, Limit(1, By.REQUEST)),
    "more than the default": ({"ttl_seconds": 2 * HOUR}, Limit(2 * HOUR, By.REQUEST)),
    "the maximum": ({"ttl_seconds": 8 * HOUR}, Limit(8 * HOUR, By.REQUEST)),
    "a second more": ({"ttl_seconds": 8 * HOUR + 1}, None),
    "the age of the world": ({"ttl_seconds": 2**64}, None),
    "no time": ({"ttl_seconds": 0}, None),
    "a time before now": ({"ttl_seconds": -1}, None),
    "a second more, or what there is": (
        {"ttl_seconds": 8 * HOUR + 1, "clamp": True},
        Limit(8 * HOUR, By.DEPARTMENT, department="a"),
    ),
    "less, or what there is": ({"ttl_seconds": 60, "clamp": True}, Limit(60, By.REQUEST)),
    "no time, or what there is": ({"ttl_seconds": 0, "clamp": True}, None),
    "a time before now, or what there is": ({"ttl_seconds": -(2**64), "clamp": True}, None),
}


@pytest.mark.parametrize(("wish", "life"), LIVES.values(), ids=LIVES)
def test_a_life_that_somebody_asks_for(wish: dict[str, Any], life: Limit | None):
    if life is None:
        assert why(asked, CHOOSING, **wish) == ("TTL_TOO_LONG", TOO_LONG)
    else:
        terms = asked(CHOOSING, **wish)
        assert terms.ttl == life
        assert terms.valid_before == NOW + timedelta(seconds=life.seconds)


def test_who_may_not_choose_may_ask_for_as_much_as_the_default():
    fixed = policy("a", default_seconds=HOUR, max_seconds=8 * HOUR)

    assert asked(fixed, ttl_seconds=HOUR).ttl.seconds == HOUR
    assert asked(fixed, ttl_seconds=60).ttl.seconds == 60
    details = {"min_seconds": 1, "max_seconds": HOUR}
    assert why(asked, fixed, ttl_seconds=HOUR + 1) == ("TTL_TOO_LONG", details)


def test_who_holds_a_principal_directly_may_choose_up_to_the_authoritys_maximum():
    limits = AuthorityLimits(default_seconds=60, max_seconds=600)

    assert asked(limits=limits).ttl == Limit(60, By.AUTHORITY)
    assert asked(limits=limits, ttl_seconds=600).ttl == Limit(600, By.REQUEST)
    assert why(asked, limits=limits, ttl_seconds=601)[1]["max_seconds"] == 600


@pytest.mark.parametrize("wish", [None, 900])
def test_a_key_that_ends_earlier_ends_the_certificate(wish: int | None):
    terms = asked(CHOOSING, key=key(expires_at=NOW + 90.9 * SECOND), ttl_seconds=wish)

    assert terms.ttl == Limit(90, By.KEY)
    assert terms.valid_before == NOW + 90 * SECOND


def test_a_key_that_ends_later_changes_nothing():
    assert asked(CHOOSING, key=key(expires_at=NOW + DAY)).ttl.seconds == HOUR


TEN = {"source_cidrs": networks("10.0.0.0/8")}
FEW = frozenset({PTY, AGENT})
EXTENSIONS: dict[str, tuple[frozenset[str], tuple[str, ...] | None, list[str] | None]] = {
    "all": (FEW, None, [AGENT, PTY]),
    "some": (FEW, (PTY,), [PTY]),
    "some, twice": (FEW, (PTY, PTY), [PTY]),
    "none": (FEW, (), []),
    "none, as there are none": (frozenset(), None, []),
    "one that is not allowed": (FEW, (PTY, PORTS), None),
    "one where none is allowed": (frozenset(), (PTY,), None),
    "one that does not exist": (FEW, ("permit-everything",), None),
    "one of another spelling": (FEW, ("PERMIT-PTY",), None),
}


@pytest.mark.parametrize(("allowed", "wish", "result"), EXTENSIONS.values(), ids=EXTENSIONS)
def test_a_certificate_permits(
    allowed: frozenset[str], wish: tuple[str, ...] | None, result: list[str] | None
):
    one = policy("a", extensions=allowed)
    if result is None:
        denied = sorted(set(wish or ()) - allowed)
        details = {"denied": denied, "allowed": sorted(allowed)}
        assert why(asked, one, extensions=wish) == ("EXTENSION_NOT_ALLOWED", details)
    else:
        assert asked(one, extensions=wish).extensions == tuple(result)


def test_the_options_of_all_departments_are_in():
    strict = policy("a", require_pin=True, force_command="/usr/bin/backup --all")
    terms = asked(strict, policy("b", **TEN), key=fido())

    assert terms.critical_options == {
        "force-command": "/usr/bin/backup --all",
        "source-address": "10.0.0.0/8",
        "verify-required": "",
    }


def test_hardware_alone_is_no_option():
    assert asked(policy("a", require_fido=True), key=fido()).critical_options == {}


AGES: dict[str, tuple[int | None, timedelta | None, str | None]] = {
    "nobody asks for it": (None, None, None),
    "it is as old as it may be": (600, timedelta(seconds=600), None),
    "it is older": (600, timedelta(seconds=600, microseconds=1), "STEP_UP_REQUIRED"),
    "there was none": (600, None, "STEP_UP_REQUIRED"),
    "it is new": (1, timedelta(0), None),
}


@pytest.mark.parametrize(("most", "age", "reason"), AGES.values(), ids=AGES)
def test_of_the_second_factor(most: int | None, age: timedelta | None, reason: str | None):
    scene = {"mfa_time": None if age is None else NOW - age, "auth_time": NOW - 30 * DAY}
    if reason is None:
        assert asked(policy("a", mfa_max_age=most), **scene)
    else:
        assert why(asked, policy("a", mfa_max_age=most), **scene) == (reason, {"max_age": most})


def test_a_new_sign_in_is_no_second_factor():
    strict = policy("a", mfa_max_age=600)
    assert why(asked, strict, auth_time=NOW)[0] == "STEP_UP_REQUIRED"


def test_only_departments_that_give_what_goes_in_demand_something():
    strict = policy("ops", require_fido=True, mfa_max_age=60, force_command="no")
    has = [granted("prod", "ops"), granted("dev", "lab")]

    terms = asked(strict, policy("lab"), has=has, principals=("dev",))
    assert (terms.departments, terms.critical_options) == (("lab",), {})
    assert why(asked, strict, policy("lab"), has=has)[0] == "FIDO_KEY_REQUIRED"


def test_a_department_that_withholds_a_principal_demands_nothing():
    strict = policy("ops", require_fido=True, allowed_principals=frozenset({"dev"}))
    has = [granted("prod", "ops", direct=True)]

    assert asked(strict, has=has).departments == ()


def test_what_somebody_lost_is_not_signed_again():
    """Threat 221."""
    assert asked(policy("a"), principals=("prod",))
    lost = why(asked, policy("a"), has=[granted("dev", "a")], principals=("prod",))
    assert lost == ("UNAUTHORIZED_PRINCIPALS", {"denied": ["prod"]})


def everything_wrong() -> tuple[list[DepartmentPolicy], dict[str, Any]]:
    policies = [
        policy("a", **TEN, mfa_max_age=60, allowed_key_types=frozenset({SK})),
        policy("b", source_cidrs=networks("192.0.2.0/24")),
    ]
    return policies, {
        "key": key(type=RSA, bits=2048, verified_at=None),
        "principals": ("prod", "a,b", "root"),
        "ttl_seconds": 0,
        "source_addresses": ("here",),
        "extensions": ("all",),
        "organization": OrganizationPolicy(require_fido=True),
    }


# What is wrong first, and what to change so that the next comes to light.
ORDER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("KEY_NOT_VERIFIED", {"key": key(type=RSA, bits=2048)}),
    ("UNSUPPORTED_KEY_TYPE", {"key": key(type=SK)}),
    ("FIDO_KEY_REQUIRED", {"key": fido()}),
    ("INVALID_PRINCIPAL", {"principals": ("prod", "root")}),
    ("UNAUTHORIZED_PRINCIPALS", {"principals": None}),
    ("POLICY_CONFLICT", {}),
    ("TTL_TOO_LONG", {"ttl_seconds": None}),
    ("INVALID_SOURCE_ADDRESS", {"source_addresses": ("10.0.0.1",)}),
    ("EXTENSION_NOT_ALLOWED", {"extensions": ()}),
    ("STEP_UP_REQUIRED", {"mfa_time": NOW}),
)


def test_of_all_that_is_wrong_the_first_is_told():
    policies, scene = everything_wrong()
    for reason, change in ORDER:
        assert why(asked, *policies, **scene)[0] == reason
        scene |= change
        if reason == "POLICY_CONFLICT":
            policies = [policies[0], policy("b")]
    assert asked(*policies, **scene)
