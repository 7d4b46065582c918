"""Ranks and slugs, as tables."""

import re
from itertools import product

import pytest

from gatehouse.core.roles import Role
from gatehouse.organizations.rules import (
    MOST_OF_SLUG,
    SLUG,
    may_give,
    may_touch,
    numbered,
    outranks,
    slug_of,
)

OWNER, ADMIN, MEMBER, GUEST = Role
REACH = {
    OWNER: {OWNER, ADMIN, MEMBER, GUEST},
    ADMIN: {ADMIN, MEMBER, GUEST},
    MEMBER: {MEMBER, GUEST},
    GUEST: {GUEST},
}


@pytest.mark.parametrize(("actor", "other"), list(product(Role, Role)))
def test_nobody_gives_a_role_above_their_own_or_touches_who_holds_one(actor, other):
    assert may_give(actor, other) is (other in REACH[actor])
    assert may_touch(actor, other) is (other in REACH[actor])


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme"),
        ("  Acme  &  Sons, Ltd. ", "acme-sons-ltd"),
        ("Zürich Café", "zurich-cafe"),
        ("a--b__c", "a-b-c"),
        ("-acme-", "acme"),
        ("42", "42"),
        ("東京", "organization"),
        ("!!!", "organization"),
        ("", "organization"),
        ("x" * 100, "x" * 63),
        ("x" * 62 + " yy", "x" * 62),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}cme", "acme"),
    ],
)
def test_a_slug_is_made_of_a_name(name, slug):
    assert slug_of(name) == slug
    assert re.fullmatch(SLUG, slug)


@pytest.mark.parametrize(
    ("slug", "number", "candidate"),
    [
        ("acme", 1, "acme"),
        ("acme", 2, "acme-2"),
        ("acme", 50, "acme-50"),
        ("x" * 63, 1, "x" * 63),
        ("x" * 63, 2, "x" * 61 + "-2"),
        ("x" * 60 + "-yy", 2, "x" * 60 + "-2"),
    ],
)
def test_the_next_candidate_carries_a_number_and_still_fits(slug, number, candidate):
    assert numbered(slug, number) == candidate
    assert len(candidate) <= MOST_OF_SLUG
    assert re.fullmatch(SLUG, candidate)


@pytest.mark.parametrize(("actor", "target"), [(a, t) for a in Role for t in Role])
def test_who_outranks_whom_stands_higher(actor, target):
    assert outranks(actor, target) is (may_touch(actor, target) and actor is not target)


def test_a_role_is_spoken_of_with_its_article():
    assert [role.spoken for role in Role] == ["an owner", "an admin", "a member", "a guest"]
