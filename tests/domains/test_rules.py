"""Which names can be an organization's own, and when a proof is lost (threat 153)."""

from datetime import timedelta

import pytest

from gatehouse.domains.rules import is_lost, problem_with, proves, rest_after

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "name",
    [
        *("example.com", "mail.example.co.uk", "example.co.uk", "xn--bcher-kva.example", "t.co"),
        *("a-b.example", "corp.internal", "acme.github.io", "sub.acme.io", "gmail.acme.com"),
        *("e" * 63 + ".example", "3com.com", "yahoo.something.example.com"),
    ],
)
def test_a_name_of_ones_own_can_be_proven(name):
    assert problem_with(name) == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *(
            (name, "such as")
            for name in ("", ".", "a..b", "-a.com", "a-.com", "a_b.com", "a b.com")
        ),
        *((name, "such as") for name in ("*.example.com", "e" * 64 + ".com", "x." * 120 + "com")),
        *((name, "such as") for name in ("example.com/", "example.com:80", "user@example.com")),
        *((name, "looked up") for name in ("1.2.3.4", "1.in-addr.arpa", "my.localhost", "x.onion")),
        *((name, "below") for name in ("com", "example", "co.uk", "com.au", "ac.jp", "gov.uk")),
        *((name, "below") for name in ("github.io", "herokuapp.com", "pages.dev", "eu.org")),
        *((name, "provider") for name in ("gmail.com", "googlemail.com", "outlook.com", "qq.com")),
        *((name, "provider") for name in ("yahoo.co.uk", "hotmail.fr", "gmx.at", "proton.me")),
    ],
)
def test_a_name_that_many_share_cannot(name, why):
    assert why in problem_with(name)


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (["gatehouse-verification=abc"], True),
        (["v=spf1 -all", " gatehouse-verification=abc "], True),
        (["gatehouse-verification=abcd"], False),
        (["gatehouse-verification="], False),
        (["x gatehouse-verification=abc"], False),
        (["abc"], False),
        ([], False),
    ],
)
def test_the_whole_record_must_be_right(texts, verdict):
    assert proves(texts, "abc") is verdict


@pytest.mark.parametrize(
    ("days", "was_heard", "verdict"),
    [(0, True, False), (6.9, True, False), (7, True, True), (29, False, False), (30, False, True)],
)
def test_a_proof_is_lost_in_time(days, was_heard, verdict):
    assert is_lost(timedelta(days=days), was_heard=was_heard) is verdict


@pytest.mark.parametrize(
    ("took", "slow_before", "rest"),
    [(0.1, 0, 0), (0.1, 9, 0), (0.5, 0, 5), (2, 0, 20), (5, 0, 50), (5, 2, 200), (5, 99, 300)],
)
def test_whoever_waits_long_for_the_dns_rests_longer(took, slow_before, rest):
    assert rest_after(took, slow_before) == rest
