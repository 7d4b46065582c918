"""Fixtures of the tests of factors."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.app import create_app
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from tests.conftest import SETTINGS, client_of
from tests.factories import Factory
from tests.mfa.owners import KeyOwner, Owner


@pytest.fixture
def owner(client: FlaskClient, make: Factory, runtime: Runtime) -> Owner:
    return Owner(client, make, runtime)


@pytest.fixture
def holder(client: FlaskClient, make: Factory, runtime: Runtime) -> KeyOwner:
    return KeyOwner(client, make, runtime)


@pytest.fixture(scope="session")
def unlimited(backend: dict[str, str]) -> Iterator[Flask]:
    """An app that counts no calls, for tables of many."""
    app = create_app(read_settings({**SETTINGS, **backend, "RATELIMIT_ENABLED": "false"}))
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def somebody(unlimited: Flask, make: Factory, runtime: Runtime) -> KeyOwner:
    """Somebody with a passkey, of an app that counts no calls."""
    found = KeyOwner(client_of(unlimited), make, runtime)
    found.register()
    return found


@pytest.fixture
def other(unlimited: Flask, make: Factory, runtime: Runtime) -> KeyOwner:
    """Somebody else with one."""
    found = KeyOwner(client_of(unlimited), make, runtime)
    found.register()
    return found
