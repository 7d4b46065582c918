"""Fixtures of the tests of factors."""

import pytest
from flask.testing import FlaskClient

from gatehouse.core.context import Runtime
from tests.factories import Factory
from tests.mfa.owners import KeyOwner, Owner


@pytest.fixture
def owner(client: FlaskClient, make: Factory, runtime: Runtime) -> Owner:
    return Owner(client, make, runtime)


@pytest.fixture
def holder(client: FlaskClient, make: Factory, runtime: Runtime) -> KeyOwner:
    return KeyOwner(client, make, runtime)
