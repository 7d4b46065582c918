"""Which names of departments are the same."""

import pytest

from gatehouse.departments.rules import name_key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ops", "OPS", True),
        ("Straße", "STRASSE", True),
        ("Caf\u00e9", "CAFE\u0301", True),
        ("Ops", "Ops 2", False),
        ("Dev-Ops", "DevOps", False),
    ],
)
def test_case_and_spelling_make_no_other_name(one, other, same):
    assert (name_key(one) == name_key(other)) is same


def test_a_key_fits_into_its_column():
    assert len(name_key("\u0390" * 255)) <= 765
