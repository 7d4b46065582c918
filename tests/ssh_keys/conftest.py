"""Fixtures of the tests of SSH keys."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.factories import Factory
from tests.ssh_keys.owners import KeyOwner


@pytest.fixture
def owner(client: FlaskClient, make: Factory, tmp_path: Path) -> KeyOwner:
    return KeyOwner(client, make, tmp_path)


@pytest.fixture
def stranger(client: FlaskClient, make: Factory, tmp_path: Path) -> KeyOwner:
    return KeyOwner(client, make, tmp_path)
