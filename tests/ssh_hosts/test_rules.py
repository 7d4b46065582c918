"""What may be said of hosts, and how one stands."""

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.ssh_ca.rules.hosts import wrong_names
from gatehouse.ssh_hosts.rules.hosts import (
    HostState,
    days_left,
    due_at,
    state_of,
    wrong_accounts,
    wrong_principals,
)
from gatehouse.ssh_hosts.rules.proofs import enrolment, renewal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(days=1), NOW + timedelta(days=1)

GOOD = ("db1.example.com", "db1", "192.0.2.7", "2001:db8::1", "xn--bcher-kva.example", "a-b.c")
BAD = (
    *("", " ", "*", "*.example.com", "DB1.example.com", "db1.example.com.", "db1..example.com"),
    *("db1,db2", "db1 db2", "db1\n", "db1\0", "-db1", "db1-", "bücher.example", "192.0.2.07"),
    *("192.0.2.0/24", "2001:DB8::1", "[2001:db8::1]", "[db1]:22", "db1:22", "!db1", "a" * 64),
)


@pytest.mark.parametrize("name", GOOD)
def test_an_exact_name_or_address_is_taken(name: str):
    assert wrong_names([name]) == []


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_exact_name_is_not(name: str):
    """Threat 224: no patterns, nothing that ssh would read as two names."""
    assert wrong_names(["db1", name]) == [name]


@pytest.mark.parametrize("account", ["root", "ubuntu", "_apt", "www-data", "a.b", "a" * 32])
def test_an_account_is_taken(account: str):
    assert wrong_accounts([account]) == []


@pytest.mark.parametrize(
    "account", ["", ".", "..", "../root", "a/b", "Root", "a b", "a\n", "-a", "1a", "%u", "a" * 33]
)
def test_what_is_no_account_is_no_name_of_a_file(account: str):
    assert wrong_accounts(["ubuntu", account]) == [account]


def test_principals_are_named_as_everywhere():
    """Threat 216."""
    told = {"ubuntu": ["prod", "user:alice"], "root": ["a,b", "*", "Prod", "prod\n", ""]}
    assert wrong_principals(told) == ["", "*", "Prod", "a,b", "prod\n"]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, HostState.WAITING),
        ({"expires_at": AFTER}, HostState.ENROLLED),
        ({"expires_at": NOW}, HostState.EXPIRED),
        ({"expires_at": AFTER, "suspended_at": BEFORE}, HostState.SUSPENDED),
        ({"suspended_at": BEFORE, "revoked_at": BEFORE}, HostState.REVOKED),
        ({"expires_at": AFTER, "revoked_at": BEFORE}, HostState.REVOKED),
    ],
)
def test_how_a_host_stands(facts: dict, state: HostState):
    nothing = dict.fromkeys(("expires_at", "suspended_at", "revoked_at"))
    assert state_of(now=NOW, **{**nothing, **facts}) is state


def test_a_certificate_is_due_when_a_third_is_left():
    assert due_at(NOW, NOW + timedelta(days=30)) == NOW + timedelta(days=20)
    assert due_at(NOW, NOW + timedelta(hours=3)) == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("left", "days"),
    [({"days": 30}, 30), ({"hours": 47}, 1), ({"hours": 23}, 0), ({"days": -3}, 0)],
)
def test_days_that_are_left_are_whole_ones(left: dict, days: int):
    assert days_left(NOW + timedelta(**left), NOW) == days


def test_what_is_signed_says_what_it_is_good_for():
    said = {"server": "https://id.example.com", "host": "H", "expires_at": AFTER}
    enrol = enrolment(names=("db1", "db1.example.com"), secret="N", **said).text
    renew = renewal(nonce="N", **said).text

    assert enrol.splitlines() == [
        "Gatehouse: enrol this host.",
        "server: https://id.example.com",
        "host: H",
        "names: db1 db1.example.com",
        "nonce: N",
        "until: 2026-03-02T12:00:00Z",
    ]
    assert "names" not in renew
    assert set(renew.splitlines()) & set(enrol.splitlines()) == set(enrol.splitlines()[1:]) - {
        "names: db1 db1.example.com"
    }
