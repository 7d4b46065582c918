"""Fixtures of the tests of SSH certificates."""

import pytest
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ops.conftest import app_on, empty_database
from tests.ssh_certificates.offices import Office

__all__ = ["app_on", "empty_database"]


@pytest.fixture
def office(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)


@pytest.fixture
def elsewhere(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)
