"""The table of conformance has a row for every requirement, and its tests are those that say so."""

import re

import pytest

from scripts import tables

HIGHEST = {
    "CORE": 75, "DISC": 16, "JWKS": 6, "OAUTH": 30, "RT": 14, "PKCE": 11, "ISS": 2, "REV": 7,
    "INTR": 10, "DCR": 27, "DEV": 13, "TEX": 5, "JWTA": 12, "MTLS": 5, "AT": 7, "JAR": 7, "PAR": 11,
    "DPOP": 13, "RAR": 3, "STEP": 3, "BCP": 23, "FAPI": 6, "RPL": 15, "BCL": 7, "FCL": 1, "SM": 1,
    "FP": 5, "JARM": 2, "CIBA": 2, "SSH": 39,
}  # fmt: skip
NEVER_GIVEN = {f"DCR-{number}" for number in range(15, 20)}
EVERY = [
    number
    for family, highest in HIGHEST.items()
    for number in (f"{family}-{n:02}" for n in range(1, highest + 1))
    if number not in NEVER_GIVEN
]
PAGE = tables.CONFORMANCE.read_text()
ROWS = tables.ROW.findall(PAGE)
TESTS = re.compile(r"`([\w/]+\.py(?:::\w+)?)`(?:, )?")


def test_every_requirement_is_there_once():
    assert sorted(number for number, _, _ in ROWS) == sorted(EVERY)


def test_every_row_has_a_claim_and_a_test_or_says_why_it_has_none():
    for number, claim, tests in ROWS:
        assert len(claim.split()) <= 12, number
        rest = TESTS.sub("", tests)
        if rest or not TESTS.search(tests):
            assert re.fullmatch(r"not yet|(later|left out): [\w ,]+", rest), number


def test_every_test_that_the_table_names_exists():
    assert [test for test in TESTS.findall(PAGE) if not tables.exists(test)] == []


def test_no_docstring_names_a_requirement_that_is_none():
    """What begins like a family of ours, or counts as we do, is meant to be a number of ours."""
    said = [number for number in tables.named() if "-" in number]
    ours = [number for number in said if number.split("-")[0] in HIGHEST or number[-2] == "0"]
    assert sorted(set(ours) - set(EVERY)) == []


def test_the_tests_of_a_row_are_those_that_say_its_number():
    stale = [path.name for path, page in tables.pages() if path.read_text() != page]
    assert stale == [], "python -m scripts.tables writes them anew"


@pytest.mark.parametrize(
    ("docstring", "numbers"),
    [
        ("Codes.", ""),
        ("CORE-18, CORE-19.", "CORE-18 CORE-19"),
        ("OAUTH-10 to OAUTH-12, threat 26.", "OAUTH-10 OAUTH-11 OAUTH-12 26"),
        ("A poll (DEV-01..03; threats 9, 38\nand 39).", "DEV-01 DEV-02 DEV-03 9 38 39"),
        ("CORE-01 to 03, RT-01: text", "CORE-01 CORE-02 CORE-03 RT-01"),
        ("Threats 57 to 59, 63, and 65 and on", "57 58 59 63 65"),
        ("RT-04, 8 at once, ruling 26. RFC 9101, SHA-256, CVE-2026.", "RT-04"),
        ("Threat 20. 50 of them.", "20"),
    ],
)
def test_numbers_are_found_in_a_docstring(docstring: str, numbers: str):
    assert tables.numbers_in(docstring) == set(numbers.split())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("not yet", "`a.py::test_a`, `b.py`"),
        ("`old.py::test_b`", "`a.py::test_a`, `b.py`"),
        ("`old.py`, later: soak", "`a.py::test_a`, `b.py`, later: soak"),
        ("left out: clients poll", "`a.py::test_a`, `b.py`, left out: clients poll"),
    ],
)
def test_a_row_names_its_tests_and_then_what_comes_later(before: str, after: str):
    tests = {"RT-01": ("a.py::test_a", "b.py")}
    assert tables.filled(f"| RT-01 | c | {before} |", tests) == f"| RT-01 | c | {after} |"
    assert tables.filled(f"| RT-02 | c | {before} |", tests) == f"| RT-02 | c | {before} |"
