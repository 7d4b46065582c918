"""The table of threats names tests that exist, and a claim for every number in its sections."""

import ast
import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
TABLE = (TESTS.parent / "docs" / "threats.md").read_text()
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = {int(number): (claim, tests) for number, claim, tests in ROW.findall(TABLE)}
WHOLE = (range(1, 16), range(78, 125), range(169, 193), range(193, 214), range(236, 246))
BEGUN = (153, 216)  # of sections that come later
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)))


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("path", "name"), NAMED, ids="::".join)
def test_a_test_that_the_table_names_exists(path: str, name: str):
    assert name.startswith("test_")
    assert name in functions_of(path)


def test_every_threat_has_a_claim_and_a_test_or_a_capability_that_brings_it():
    assert sorted(ROWS) == sorted(chain(*WHOLE, BEGUN))
    for number, (claim, tests) in ROWS.items():
        assert len(claim.split()) <= 12, number
        assert re.fullmatch(r"(`[\w/]+\.py::\w+`(, )?)*(later: [\w ]+)?", tests), number
