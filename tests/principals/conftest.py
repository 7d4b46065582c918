"""Fixtures of the principals tests."""

import pytest

from tests.factories import Factory
from tests.organizations.people import Circle


@pytest.fixture
def circle(make: Factory) -> Circle:
    return Circle(make)
