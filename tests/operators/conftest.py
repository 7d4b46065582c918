"""Fixtures of the operators' tests."""

import pytest

from gatehouse.accounts.models import User
from tests.factories import Factory
from tests.organizations.people import Circle


@pytest.fixture
def circle(make: Factory) -> Circle:
    return Circle(make)


@pytest.fixture
def operator(make: Factory) -> User:
    return make.user(is_operator=True)
