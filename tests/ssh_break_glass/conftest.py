"""Fixtures of the tests of the certificate for emergencies."""

import pytest
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ssh_break_glass.cases import Case


@pytest.fixture
def case(client: FlaskClient, make: Factory) -> Case:
    return Case(client, make)
