"""Fixtures of the tests of workloads."""

from collections.abc import Iterator

import pytest
from flask import Flask

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from gatehouse.ssh_workloads.ports import IssuerKeys
from tests.conftest import SETTINGS, client_of
from tests.factories import Factory
from tests.ssh_workloads.issuers import Issuer, issuing
from tests.ssh_workloads.jobs import Yard


@pytest.fixture(scope="session")
def reaching_app(backend: dict[str, str]) -> Iterator[Flask]:
    """An app that may call what listens on loopback."""
    app = create_app(read_settings({**SETTINGS, **backend, "OUTBOUND_ALLOW": "127.0.0.0/8"}))
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found


@pytest.fixture
def yard(
    reaching_app: Flask,
    make: Factory,
    address: str,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
) -> Yard:
    """Nothing is known of issuers: at the same port another one may have said something else."""
    keys = reaching_app.extensions["gatehouse"].ports[IssuerKeys]
    monkeypatch.setattr(keys, "_kept", {})
    return Yard(client_of(reaching_app, address), make, issuer)
