"""Fixtures of the tests of certificate authorities."""

import pytest
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ops.conftest import app_on, empty_database
from tests.ssh_ca.places import Place

__all__ = ["app_on", "empty_database"]


@pytest.fixture
def place(client: FlaskClient, make: Factory) -> Place:
    return Place(client, make)


@pytest.fixture
def elsewhere(client: FlaskClient, make: Factory) -> Place:
    return Place(client, make)
