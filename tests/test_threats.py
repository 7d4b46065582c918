"""The table of threats names tests that exist, and a claim for every number in its sections."""

import re
from itertools import chain

import pytest

from scripts import tables

TABLE = tables.THREATS.read_text()
ROWS = {int(number): (claim, tests) for number, claim, tests in tables.ROW.findall(TABLE)}
WHOLE = (range(1, 141), range(169, 193), range(193, 228), range(236, 246))
BEGUN = (153,)  # of sections that come later
NAMED = sorted(set(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", TABLE)))


@pytest.mark.parametrize("test", NAMED)
def test_a_test_that_the_table_names_exists(test: str):
    assert tables.exists(test)


def test_every_threat_has_a_claim_and_a_test_or_a_capability_that_brings_it():
    assert sorted(ROWS) == sorted(chain(*WHOLE, BEGUN))
    for number, (claim, tests) in ROWS.items():
        assert len(claim.split()) <= 12, number
        waits = "not yet|" if str(number) in tables.FOUND_THREATS else ""
        named = r"(`[\w/]+\.py(::\w+)?`(, )?)*((later|left out): [\w -]+)?"
        assert re.fullmatch(f"{waits}{named}", tests), number
