"""Fixtures of the tests of hosts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import client_of
from tests.factories import Factory
from tests.ssh_hosts.grounds import Grounds
from tests.ssh_hosts.machines import Machine


@pytest.fixture
def bare(client: FlaskClient, make: Factory) -> Grounds:
    """An organization without authorities."""
    return Grounds(client, make)


@pytest.fixture
def grounds(bare: Grounds) -> Grounds:
    """One that has both."""
    bare.authority("user")
    bare.authority("host")
    return bare


@pytest.fixture
def elsewhere(client: FlaskClient, make: Factory) -> Grounds:
    return Grounds(client, make)


@pytest.fixture
def machine_of(app: Flask, address: str, tmp_path: Path) -> Callable[..., Machine]:
    """Make machines with these kinds of keys, all at one address that nobody else calls from."""
    return lambda *kinds: Machine(client_of(app, address), tmp_path, *kinds)
