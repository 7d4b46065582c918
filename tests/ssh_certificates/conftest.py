"""Fixtures of the tests of SSH certificates."""

import pytest
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ssh_certificates.offices import Office


@pytest.fixture
def office(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)


@pytest.fixture
def elsewhere(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)
