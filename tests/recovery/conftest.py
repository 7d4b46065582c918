"""Fixtures of the tests of lost factors."""

import pytest
from flask.testing import FlaskClient

from gatehouse.core.runtime import Runtime
from tests.factories import Factory
from tests.mailbox import Mailbox
from tests.recovery.people import Lost


@pytest.fixture
def lost(client: FlaskClient, make: Factory, runtime: Runtime, mailbox: Mailbox) -> Lost:
    return Lost(client, make, runtime, mailbox)
