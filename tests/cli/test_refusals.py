"""What a refusal says to people: the matter, and one thing that helps."""

from typing import Any

import pytest

from gatehouse_cli.refusals import away, hint, in_lines, not_in, stronger

pytestmark = pytest.mark.unit
HERE = "https://id.example.com"
AGAIN = "Nothing was changed. Try again in a moment."


@pytest.mark.parametrize(
    ("error_type", "details", "says"),
    [
        ("KEY_NOT_VERIFIED", {}, "gatehouse key verify k.pub"),
        ("KEY_NOT_VERIFIED", {"why": "unverified"}, "Prove it: gatehouse key verify k.pub"),
        ("KEY_NOT_VERIFIED", {"why": "too_long_ago"}, "Prove it: gatehouse key verify k.pub"),
        ("KEY_NOT_VERIFIED", {"why": "without_pin"}, "PIN or finger: gatehouse key verify k.pub"),
        ("KEY_NOT_VERIFIED", {"why": "expired"}, "gatehouse key rm k.pub; gatehouse key add k.pub"),
        ("KEY_NOT_VERIFIED", {"why": "revoked"}, "another one: gatehouse key add"),
        ("TTL_TOO_LONG", {"max_seconds": 28_800}, "8 h at most: ask for less by --ttl"),
        ("TTL_TOO_LONG", {}, ""),
        ("TTL_TOO_LONG", {"max_seconds": "soon"}, ""),
        ("NO_PRINCIPALS", {"max_seconds": 60}, ""),
    ],
)
def test_what_helps_is_said_once(error_type: str, details: dict[str, Any], says: str):
    found = hint(error_type, details, "k.pub")

    assert says in found
    assert bool(found) == bool(says)


@pytest.mark.parametrize(
    ("error_type", "helps"),
    [
        ("STEP_UP_REQUIRED", "gatehouse login --step-up"),
        ("REAUTHENTICATION_REQUIRED", "gatehouse login --step-up"),
        ("MFA_COMPLIANCE_REQUIRED", f"Set it up: {HERE}/security"),
    ],
)
def test_a_stronger_sign_in_is_told_by_one_hint(error_type: str, helps: str):
    matter, *rest = stronger(error_type, HERE).splitlines()

    assert len(rest) == 1
    assert rest[0].endswith(helps)
    assert "gatehouse" not in matter


@pytest.mark.parametrize(
    ("error_type", "lines"),
    [
        ("WEAK_KEY", ["No."]),
        ("TTL_TOO_LONG", ["No.", hint("TTL_TOO_LONG", {"max_seconds": 60}, "k")]),
        ("STEP_UP_REQUIRED", stronger("STEP_UP_REQUIRED", HERE).splitlines()),
    ],
)
def test_a_refusal_that_is_foreseen_is_told_alike(error_type: str, lines: list[str]):
    said = {"error_type": error_type, "message": "No.", "details": {"max_seconds": 60}}

    assert in_lines(said, "k", HERE) == lines


@pytest.mark.parametrize(
    ("status", "error_type", "message", "says"),
    [
        (
            503,
            "CA_NOT_CONFIGURED",
            "There is no authority.",
            "There is no authority. Nothing was changed. An admin of the organization makes one.",
        ),
        (
            503,
            "SIGNER_UNAVAILABLE",
            "The key is away.",
            f"{HERE} cannot do it now: The key is away. {AGAIN}",
        ),
        (
            503,
            "SERVICE_UNAVAILABLE",
            "The change was made.",
            f"{HERE} cannot do it now: The change was made.",
        ),
        (
            503,
            "",
            "",
            f"{HERE} cannot do it now: it answers with HTTP 503. {AGAIN}",
        ),
        (
            502,
            "",
            "",
            f"{HERE} cannot do it now: it answers with HTTP 502. Try again in a moment.",
        ),
        (
            500,
            "SERVER_ERROR",
            "It broke.",
            f"{HERE} cannot do it now: It broke. Try again in a moment.",
        ),
        (
            429,
            "RATE_LIMIT_EXCEEDED",
            "Try again later.",
            f"{HERE} was asked too often. Try again in 7 seconds.",
        ),
    ],
)
def test_a_server_that_cannot_says_what_is_the_matter(
    status: int, error_type: str, message: str, says: str
):
    """What was changed is not said of an answer that does not tell."""
    assert away(HERE, status, error_type, message, "7") == says


@pytest.mark.parametrize(
    ("named", "mine", "says"),
    [
        ("acne", ["beta", "acme"], " Did you mean acme? You are in acme, beta."),
        ("xyz", ["acme"], " You are in acme."),
        ("acme", [], " You are in none."),
    ],
)
def test_who_names_another_organization_hears_which_are_theirs(
    named: str, mine: list[str], says: str
):
    assert not_in(named, mine) == f"You are not in the organization {named}.{says}"
