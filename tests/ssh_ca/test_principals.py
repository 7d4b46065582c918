"""Which principals go into a certificate (threats 214 and 216)."""

from typing import Any

import pytest

from gatehouse.ssh_ca.rules.policies import OrganizationPolicy
from gatehouse.ssh_ca.rules.principals import (
    MOST,
    Granted,
    giving,
    is_principal,
    narrowed,
    of_an_admin,
)
from tests.ssh_ca.asking import choose, granted, id_of, policy, why

pytestmark = pytest.mark.unit

TWO = (granted("prod"), granted("dev", "a"))


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (None, ("dev", "prod")),
        (("prod",), ("prod",)),
        (("prod", "dev"), ("dev", "prod")),
        (("dev", "dev"), ("dev",)),
    ],
    ids=["all, in order", "one", "both, in order", "one named twice"],
)
def test_what_is_asked_for_goes_in_or_all(asked: tuple[str, ...] | None, chosen: tuple[str, ...]):
    assert choose(TWO, asked) == chosen


REFUSED: dict[str, tuple[Any, Any, str, dict[str, Any]]] = {
    "one that is not granted": (
        TWO, ("prod", "stage"), "UNAUTHORIZED_PRINCIPALS", {"denied": ["stage"]},
    ),
    "several that are not granted": (
        TWO, ("web", "stage"), "UNAUTHORIZED_PRINCIPALS", {"denied": ["stage", "web"]},
    ),
    "root without a right to it": (TWO, ("root",), "UNAUTHORIZED_PRINCIPALS", {"denied": ["root"]}),
    "nothing is granted": ((), None, "NO_PRINCIPALS", {}),
    "nothing is asked for": (TWO, (), "NO_PRINCIPALS", {}),
    "something is asked of nothing": (
        (), ("prod",), "UNAUTHORIZED_PRINCIPALS", {"denied": ["prod"]},
    ),
    "a wrong name is asked for": (
        TWO, ("prod,root",), "INVALID_PRINCIPAL", {"invalid": ["prod,root"]},
    ),
    "a wrong name was granted": (
        (granted("*"),), None, "INVALID_PRINCIPAL", {"invalid": ["*"]},
    ),
    "a wrong name was granted and asked for": (
        (granted("a b"),), ("a b",), "INVALID_PRINCIPAL", {"invalid": ["a b"]},
    ),
    "more than a certificate holds": (
        tuple(granted(f"p{n}") for n in range(MOST + 1)),
        None,
        "INVALID_PRINCIPAL",
        {"most": MOST, "count": MOST + 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("has", "asked", "reason", "details"), REFUSED.values(), ids=REFUSED)
def test_there_is_no_certificate_for(has: Any, asked: Any, reason: str, details: dict[str, Any]):
    """SSH-04, SSH-06."""
    assert why(choose, has, asked) == (reason, details)


def test_as_many_as_a_certificate_holds_go_in():
    assert len(choose([granted(f"p{n}") for n in range(MOST)], None)) == MOST


def test_a_wrong_name_that_was_granted_does_not_stand_in_the_way_of_others():
    assert choose((*TWO, granted("*")), ("prod",)) == ("prod",)


@pytest.mark.parametrize("name", ["prod", "p", "_apt", "0", "a" * 64, "user:ann", "a@b.c-d_e"])
def test_a_name_of_plain_signs_is_taken(name: str):
    assert is_principal(name)


NAMES = {
    "nothing": "",
    "a comma": "prod,root",
    "a blank": "prod root",
    "a star": "prod-*",
    "a question mark": "pro?",
    "an exclamation mark": "!prod",
    "a quote": 'pr"od',
    "a line break": "prod\n",
    "NUL": "prod\0",
    "upper case": "Prod",
    "a letter that looks alike": "prоd",  # noqa: RUF001
    "a hyphen first": "-prod",
    "a dot first": ".prod",
    "65 signs": "a" * 65,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_certificate_holds_a_name_with(name: str):
    assert not is_principal(name)


@pytest.mark.parametrize(
    ("one", "allowed", "left"),
    [
        (granted("prod", "a"), None, ["a"]),
        (granted("prod", "a"), {"prod"}, ["a"]),
        (granted("prod", "a"), {"dev"}, None),
        (granted("prod", "a"), set(), None),
        (granted("prod", "a", direct=True), {"dev"}, []),
        (granted("prod", "a", "b"), {"dev"}, ["b"]),
        (granted("prod", "of another organization"), None, None),
    ],
    ids=[
        "no list narrows nothing",
        "one that is on the list is given",
        "one that is not is not",
        "an empty list gives none",
        "who holds it directly keeps it",
        "who has it from elsewhere keeps it",
        "a department that is not told gives nothing",
    ],
)
def test_a_department_gives_what_its_policy_allows(
    one: Granted, allowed: set[str] | None, left: list[str] | None
):
    listed = None if allowed is None else frozenset(allowed)
    policies = [policy("a", allowed_principals=listed), policy("b")]

    expected = [] if left is None else [Granted("prod", one.direct, tuple(map(id_of, left)))]
    assert narrowed([one], policies) == tuple(expected)


@pytest.mark.parametrize(
    ("names", "holding"),
    [
        (["prod"], ["a", "b"]),
        (["dev"], ["b"]),
        (["own"], []),
        (["own", "dev"], ["b"]),
        (["prod", "dev", "own"], ["a", "b"]),
    ],
    ids=str,
)
def test_the_policies_that_hold_are_of_those_who_give_what_goes_in(
    names: list[str], holding: list[str]
):
    has = [granted("prod", "b", "a"), granted("dev", "b"), granted("own"), granted("web", "c")]
    policies = [policy("c"), policy("b"), policy("a")]
    assert [one.name for one in giving(names, has, policies)] == holding


def test_an_admin_has_what_is_granted_and_no_more():
    assert of_an_admin(TWO, ["prod", "dev", "db"], OrganizationPolicy()) == TWO


def test_an_admin_has_all_where_the_organization_says_so_except_root():
    generous = OrganizationPolicy(admins_get_all_principals=True)

    found = of_an_admin([granted("dev", "a")], ["dev", "db", "root"], generous)
    assert found == (granted("dev", "a", direct=True), granted("db"))


def test_root_that_an_owner_gave_to_an_admin_stays():
    generous = OrganizationPolicy(admins_get_all_principals=True)
    assert of_an_admin([granted("root")], ["root"], generous) == (granted("root"),)
