"""Fixtures of the tests of hosts."""

import pytest
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ssh_hosts.grounds import Grounds


@pytest.fixture
def grounds(client: FlaskClient, make: Factory) -> Grounds:
    return Grounds(client, make)


@pytest.fixture
def elsewhere(client: FlaskClient, make: Factory) -> Grounds:
    return Grounds(client, make)
