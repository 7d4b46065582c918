"""Which names are for owners."""

import pytest

from gatehouse.principals.rules import is_for_owners


@pytest.mark.parametrize(("name", "is_so"), [("root", True), ("rooty", False), ("deploy", False)])
def test_root_is_for_owners(name, is_so):
    assert is_for_owners(name) is is_so
