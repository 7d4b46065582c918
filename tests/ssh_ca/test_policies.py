"""What departments demand together, and where they contradict each other."""

from typing import Any

import pytest

from gatehouse.ssh_ca.rules.policies import (
    STANDARD,
    AuthorityLimits,
    By,
    DepartmentPolicy,
    Limit,
    OrganizationPolicy,
    is_extension,
)
from tests.ssh_ca.asking import (
    AGENT,
    ED25519,
    HOUR,
    PORTS,
    PTY,
    RSA,
    SK,
    merge,
    networks,
    policy,
    why,
)

pytestmark = pytest.mark.unit

DAY = 24 * HOUR
CUSTOM = "login@github.com"
ANY = AuthorityLimits(default_seconds=DAY, max_seconds=7 * DAY)
NONE = policy("a")


def by(name: str, seconds: int) -> Limit:
    return Limit(seconds, By.DEPARTMENT, department=name)


TOGETHER: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "the shorter default": (
        {"default_seconds": 7200},
        {"default_seconds": 1800},
        {"default": by("b", 1800)},
    ),
    "the shorter maximum, if both let people choose": (
        {"allow_user_expiry": True, "max_seconds": 4 * HOUR},
        {"allow_user_expiry": True, "max_seconds": 9 * HOUR},
        {"longest": by("a", 4 * HOUR)},
    ),
    "the default of one that does not let them is a maximum": (
        {"allow_user_expiry": True, "max_seconds": 9 * HOUR},
        {"default_seconds": 2 * HOUR},
        {"default": by("a", HOUR), "longest": by("b", 2 * HOUR)},
    ),
    "a default is not longer than another's maximum": (
        {"default_seconds": 8 * HOUR},
        {"default_seconds": 9 * HOUR, "max_seconds": 2 * HOUR},
        {"default": by("b", 2 * HOUR), "longest": by("b", 2 * HOUR)},
    ),
    "extensions of both": (
        {"extensions": frozenset({PTY, AGENT})},
        {"extensions": frozenset({PTY, PORTS})},
        {"extensions": {PTY}},
    ),
    "no extensions, if they have none in common": (
        {"extensions": frozenset({AGENT})},
        {"extensions": frozenset({PORTS})},
        {"extensions": set()},
    ),
    "no extensions, if one has none": ({}, {"extensions": frozenset()}, {"extensions": set()}),
    "a custom extension that both have": (
        {"extensions": frozenset({CUSTOM})},
        {"extensions": STANDARD | {CUSTOM}},
        {"extensions": {CUSTOM}},
    ),
    "anywhere, if neither says where": ({}, {}, {"networks": None}),
    "the networks of the one that says": (
        {},
        {"source_cidrs": networks("10.0.0.0/8")},
        {"networks": networks("10.0.0.0/8")},
    ),
    "the networks of both": (
        {"source_cidrs": networks("10.0.0.0/8", "192.0.2.0/24")},
        {"source_cidrs": networks("10.1.0.0/16", "2001:db8::/32")},
        {"networks": networks("10.1.0.0/16")},
    ),
    "pinned, if one pins": ({"pin_source_ip": True}, {}, {"pin_source_ip": True}),
    "a hardware key, if one wants it": ({}, {"require_fido": True}, {"require_fido": True}),
    "a PIN, if one wants it": ({"require_pin": True}, {}, {"require_pin": True}),
    "the younger second factor": (
        {"mfa_max_age": 600},
        {"mfa_max_age": 300},
        {"mfa_max_age": 300},
    ),
    "a second factor, if one wants it": ({}, {"mfa_max_age": 60}, {"mfa_max_age": 60}),
    "no second factor, if none does": ({}, {}, {"mfa_max_age": None}),
    "the types of both": (
        {"allowed_key_types": frozenset({ED25519, SK})},
        {"allowed_key_types": frozenset({SK, RSA})},
        {"key_types": {SK}},
    ),
    "all types, if neither says which": ({}, {}, {"key_types": None}),
    "the command of the one that says": (
        {"force_command": "backup"},
        {},
        {"force_command": "backup"},
    ),
    "the command of both": (
        {"force_command": "backup"},
        {"force_command": "backup"},
        {"force_command": "backup"},
    ),
    "both names": ({}, {}, {"departments": ("a", "b")}),
}


@pytest.mark.parametrize(("one", "other", "holds"), TOGETHER.values(), ids=TOGETHER)
def test_of_two_departments_the_stricter_demand_holds(
    one: dict[str, Any], other: dict[str, Any], holds: dict[str, Any]
):
    merged = merge([policy("a", **one), policy("b", **other)], ANY)
    assert {name: getattr(merged, name) for name in holds} == holds


@pytest.mark.parametrize(
    ("limits", "default", "longest"),
    [
        (ANY, by("a", 2 * HOUR), by("a", 8 * HOUR)),
        (AuthorityLimits(), Limit(HOUR, By.AUTHORITY), by("a", 8 * HOUR)),
        (
            AuthorityLimits(default_seconds=DAY, max_seconds=HOUR),
            Limit(HOUR, By.AUTHORITY),
            Limit(HOUR, By.AUTHORITY),
        ),
    ],
    ids=["neither", "its default", "its maximum"],
)
def test_the_authority_is_one_more_that_limits(
    limits: AuthorityLimits, default: Limit, longest: Limit
):
    open_handed = policy(
        "a", allow_user_expiry=True, default_seconds=2 * HOUR, max_seconds=8 * HOUR
    )
    merged = merge([open_handed], limits)
    assert (merged.default, merged.longest) == (default, longest)


def test_without_a_department_the_authority_says_how_long_and_the_five_extensions_hold():
    merged = merge([], AuthorityLimits(default_seconds=600, max_seconds=1200))

    assert merged.default == Limit(600, By.AUTHORITY)
    assert merged.longest == Limit(1200, By.AUTHORITY)
    assert merged.extensions == STANDARD
    assert merged.networks is merged.force_command is merged.key_types is merged.mfa_max_age is None
    assert {merged.pin_source_ip, merged.require_fido, merged.require_pin} == {False}


def set_of(*texts: str) -> dict[str, Any]:
    return {"source_cidrs": networks(*texts)}


CONFLICTS: dict[str, tuple[list[dict[str, Any]], str, list[str]]] = {
    "networks apart": (
        [set_of("10.0.0.0/8"), set_of("192.0.2.0/24")],
        "source_cidrs",
        ["a", "b"],
    ),
    "IPv4 and IPv6": ([set_of("0.0.0.0/0"), set_of("::/0")], "source_cidrs", ["a", "b"]),
    "two of three networks": (
        [set_of("10.0.0.0/8"), {}, set_of("0.0.0.0/0"), set_of("192.0.2.0/24")],
        "source_cidrs",
        ["a", "d"],
    ),
    "three lists of which only two at a time agree": (
        [
            set_of("10.0.0.0/8", "192.0.2.0/24"),
            set_of("10.0.0.0/8", "203.0.113.0/24"),
            set_of("192.0.2.0/24", "203.0.113.0/24"),
        ],
        "source_cidrs",
        ["a", "b", "c"],
    ),
    "two commands": (
        [{"force_command": "backup"}, {}, {"force_command": "restore"}],
        "force_command",
        ["a", "c"],
    ),
    "types of keys apart": (
        [{"allowed_key_types": frozenset({SK})}, {"allowed_key_types": frozenset({ED25519})}],
        "allowed_key_types",
        ["a", "b"],
    ),
}


@pytest.mark.parametrize(("demands", "about", "departments"), CONFLICTS.values(), ids=CONFLICTS)
def test_departments_that_contradict_each_other_are_named(
    demands: list[dict[str, Any]], about: str, departments: list[str]
):
    policies = [policy(name, **one) for name, one in zip("abcd", demands, strict=False)]
    refused = ("POLICY_CONFLICT", {"about": about, "departments": departments})
    assert why(merge, policies, ANY) == refused


IMPOSSIBLE: dict[str, tuple[type, dict[str, Any]]] = {
    "no default": (DepartmentPolicy, {"default_seconds": 0}),
    "a negative maximum": (DepartmentPolicy, {"max_seconds": -1}),
    "a maximum of centuries": (DepartmentPolicy, {"max_seconds": 10**12}),
    "an unknown extension": (DepartmentPolicy, {"extensions": frozenset({"permit-all"})}),
    "an extension of two lines": (DepartmentPolicy, {"extensions": frozenset({"a@b\n"})}),
    "an empty command": (DepartmentPolicy, {"force_command": ""}),
    "a blank command": (DepartmentPolicy, {"force_command": " "}),
    "a command of two lines": (DepartmentPolicy, {"force_command": "a\nb"}),
    "a command that goes on for ever": (DepartmentPolicy, {"force_command": "a" * 4097}),
    "a second factor of no age": (DepartmentPolicy, {"mfa_max_age": 0}),
    "no type of key at all": (DepartmentPolicy, {"allowed_key_types": frozenset()}),
    "RSA keys that are too short": (OrganizationPolicy, {"min_rsa_bits": 1024}),
    "RSA keys that nobody has": (OrganizationPolicy, {"min_rsa_bits": 20_000}),
    "proofs that are never new": (OrganizationPolicy, {"reverify_days": 0}),
    "an authority that signs for no time": (AuthorityLimits, {"max_seconds": 0}),
    "an authority without a default": (AuthorityLimits, {"default_seconds": 0}),
    "an authority from the future": (AuthorityLimits, {"backdate_seconds": -1}),
    "an authority from the past": (AuthorityLimits, {"backdate_seconds": 901}),
}


@pytest.mark.parametrize(("kind", "demands"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_limit_that_is_none_is_not_taken_for_no_limit(kind: type, demands: dict[str, Any]):
    of_department = {"department_id": NONE.department_id, "name": "a"}
    named = of_department if kind is DepartmentPolicy else {}
    with pytest.raises(ValueError, match=next(iter(demands))):
        kind(**named, **demands)


@pytest.mark.parametrize("name", [PTY, CUSTOM, "a_b-c.d@e"])
def test_an_extension_is_one_of_the_five_or_has_a_domain(name: str):
    assert is_extension(name)


@pytest.mark.parametrize(
    "name",
    [
        "permit-x11-forwarding",
        "no-touch-required",
        "@github.com",
        "login@",
        "login@a@b",
        "login@github..com",
        "lögin@github.com",
        "l" * 60 + "@b.de",
    ],
)
def test_anything_else_is_no_extension(name: str):
    assert not is_extension(name)
