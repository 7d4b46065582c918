"""Fixtures of the tests of SSH keys."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ssh_keys.owners import KeyOwner


@pytest.fixture
def clock() -> Iterator[Any]:
    """Time that stands still until it is moved."""
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def owner(client: FlaskClient, make: Factory, tmp_path: Path) -> KeyOwner:
    return KeyOwner(client, make, tmp_path)


@pytest.fixture
def stranger(client: FlaskClient, make: Factory, tmp_path: Path) -> KeyOwner:
    return KeyOwner(client, make, tmp_path)
