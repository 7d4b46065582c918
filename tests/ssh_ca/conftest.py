"""Fixtures of the tests of certificate authorities."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ops.conftest import app_on, empty_database
from tests.ssh_ca.places import Place

__all__ = ["app_on", "empty_database"]


@pytest.fixture
def clock() -> Iterator[Any]:
    """Time that stands still until it is moved."""
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def place(client: FlaskClient, make: Factory) -> Place:
    return Place(client, make)


@pytest.fixture
def elsewhere(client: FlaskClient, make: Factory) -> Place:
    return Place(client, make)
