"""Claims that rules ask for, as tables: what a * reaches, and which rules say too little."""

import pytest

from gatehouse.ssh_workloads.rules.claims import LONGEST, claims_problem, matches, unmatched
from gatehouse.ssh_workloads.rules.issuers import discovery_of, issuer_problem
from tests.ssh_workloads.issuers import GITHUB, GITLAB

ACTIONS = "https://token.actions.githubusercontent.com"
MAIN = "repo:acme/web:ref:refs/heads/main"


@pytest.mark.parametrize(
    ("pattern", "text", "is_so"),
    [
        (MAIN, MAIN, True),
        (MAIN, f"{MAIN}x", False),
        (MAIN, f"x{MAIN}", False),
        (MAIN, f"{MAIN}\n", False),
        (MAIN, MAIN.upper(), False),
        (MAIN, "", False),
        ("repo:acme/*:ref:refs/heads/main", MAIN, True),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/x:environment:y:ref:refs/heads/main", False),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/a/b:ref:refs/heads/main", False),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/:ref:refs/heads/main", False),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme-evil/web:ref:refs/heads/main", False),
        ("repo:acme/*:ref:refs/heads/main", "repo:evil/acme/web:ref:refs/heads/main", False),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/web:pull_request", False),
        ("repo:acme/*", MAIN, False),
        ("repo:acme/web:ref:refs/tags/v*", "repo:acme/web:ref:refs/tags/v1.2.3", True),
        ("repo:acme/web:ref:refs/tags/v*", "repo:acme/web:ref:refs/tags/v", False),
        ("repo:acme/web:ref:refs/tags/v*", "repo:acme/web:ref:refs/tags/v1/evil", False),
        ("repo:acme/web:ref:refs/heads/*", "repo:acme/web:ref:refs/heads/feature/x", False),
        ("refs/heads/release-*-lts", "refs/heads/release-7-lts", True),
        ("refs/heads/release-*-lts", "refs/heads/release-lts", False),
        ("refs/heads/release-*-lts", "refs/heads/release--lts", False),
        ("a*", "a b", False),
        ("a*", "a\tb", False),
        ("a*", "a\u202eb", False),
        ("a?", "ab", False),
        ("a[bc]", "ab", False),
        ("a.c", "abc", False),
        ("aXa", "a", False),
        ("a*a", "a", False),
        ("*/*", "a/b", True),
    ],
)
def test_a_star_is_one_part_or_some_of_it(pattern: str, text: str, is_so):
    """SSH-36; threats 174, 214: no star reaches over a : or a /."""
    assert matches(pattern, text) is is_so


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        ({"sub": GITHUB["sub"]}, ()),
        ({"sub": GITHUB["sub"], "environment": "production"}, ()),
        ({"sub": GITHUB["sub"], "environment": "staging", "actor": "x"}, ("environment", "actor")),
        ({"ref_protected": "true"}, ()),
    ],
)
def test_every_claim_has_to_be_there(wanted, missing):
    assert unmatched(wanted, GITHUB) == missing


@pytest.mark.parametrize(
    ("wanted", "is_there"),
    [
        ("acme/ops", True),
        ("acme/*", True),
        ("acme", False),
        ("acme/tools,acme/ops", False),
        ("['acme/tools', 'acme/ops']", False),
    ],
)
def test_of_a_list_one_element_is_enough(wanted: str, is_there):
    assert (unmatched({"groups_direct": wanted}, GITLAB) == ()) is is_there


@pytest.mark.parametrize("said", [1, True, None, {"a": "1"}, [1], [["1"]], 1.0])
def test_what_is_no_text_is_equal_to_none(said):
    for wanted in ("1", "True", "true", "None", "*1", "a"):
        assert unmatched({"claim": wanted}, {"claim": said}) == ("claim",)


@pytest.mark.parametrize(
    ("issuer", "claims", "says"),
    [
        ("https://ci.example.com", {"sub": MAIN}, ""),
        ("https://ci.example.com", {"ref": "refs/heads/*"}, ""),
        ("https://ci.example.com", {}, "1 to 16 claims"),
        ("https://ci.example.com", {f"c{n}": "x" for n in range(17)}, "1 to 16 claims"),
        ("https://ci.example.com", {"iss": "x"}, "Name claims"),
        ("https://ci.example.com", {"sub": "x", "aud": "y"}, "Name claims"),
        ("https://ci.example.com", {"exp": "1"}, "Name claims"),
        ("https://ci.example.com", {"a b": "x"}, "Name claims"),
        ("https://ci.example.com", {"sub": "*"}, "says nothing"),
        ("https://ci.example.com", {"sub": "*/*"}, "says nothing"),
        ("https://ci.example.com", {"sub": "**"}, "one * at most"),
        ("https://ci.example.com", {"sub": "a*b*c"}, "one * at most"),
        ("https://ci.example.com", {"sub": ""}, "characters"),
        ("https://ci.example.com", {"sub": "a\nb"}, "characters"),
        ("https://ci.example.com", {"sub": "a" * (LONGEST + 1)}, "characters"),
        (ACTIONS, {"sub": MAIN}, ""),
        (ACTIONS, {"sub": "repo:acme/*:ref:refs/heads/main"}, ""),
        (ACTIONS, {"sub": "repo:acme@65/web@74:ref:refs/heads/main"}, ""),
        (ACTIONS, {"repository": "acme/*", "ref": "refs/heads/main"}, ""),
        (ACTIONS, {"repository_owner_id": "65", "ref": "refs/heads/main"}, ""),
        (ACTIONS, {"ref": "refs/heads/main"}, "signs for everybody"),
        (ACTIONS, {"repository": "*/web"}, "signs for everybody"),
        (ACTIONS, {"repository_owner": "acm*"}, "signs for everybody"),
        (ACTIONS, {"sub": "repo:*/web:ref:refs/heads/main"}, "signs for everybody"),
        (ACTIONS, {"sub": "repo:acme*/web:ref:refs/heads/main"}, "signs for everybody"),
        (ACTIONS, {"sub": "ref:refs/heads/main"}, "signs for everybody"),
        (ACTIONS, {"sub": "*:acme/web"}, "signs for everybody"),
        ("https://gitlab.com", {"sub": GITLAB["sub"]}, ""),
        ("https://gitlab.com", {"project_path": "acme/tools/*"}, ""),
        ("https://gitlab.com", {"ref": "main", "ref_type": "branch"}, "signs for everybody"),
        ("https://gitlab.com", {"namespace_path": "*"}, "says nothing"),
    ],
)
def test_a_rule_that_says_too_little_is_refused(issuer: str, claims, says: str):
    """SSH-36: on an issuer for everybody anybody has a job on "main"."""
    found = claims_problem(issuer, claims)
    assert says in found
    assert bool(says) is bool(found)


@pytest.mark.parametrize(
    ("issuer", "is_good"),
    [
        ("https://ci.example.com", True),
        ("https://ci.example.com/api/actions", True),
        ("https://ci.example.com/", True),
        ("http://ci.example.com", False),
        ("http://127.0.0.1:8000", True),
        ("http://127.0.0.1.example.com", False),
        ("https://user:secret@ci.example.com", False),
        ("https://ci.example.com?x=1", False),
        ("https://ci.example.com#x", False),
        ("https://10.0.0.1", False),
        ("https://169.254.169.254", False),
        ("https://2130706433", False),
        ("https://0x7f.1", False),
        ("gopher://ci.example.com", False),
        ("ci.example.com", False),
    ],
)
def test_an_issuer_is_an_address_that_we_may_call(issuer: str, is_good):
    """Threat 197."""
    assert (issuer_problem(issuer, ["127.0.0.0/8"], may_be_here=True) == "") is is_good
    if issuer.startswith("http:"):
        assert issuer_problem(issuer, ["127.0.0.0/8"], may_be_here=False)


def test_an_issuer_describes_itself_below_its_own_address():
    for issuer in ("https://ci.example.com/api/actions", "https://ci.example.com/api/actions/"):
        assert discovery_of(issuer) == (
            "https://ci.example.com/api/actions/.well-known/openid-configuration"
        )
