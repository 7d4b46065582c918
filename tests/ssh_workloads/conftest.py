"""Fixtures of the tests of workloads."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from gatehouse.app import create_app
from gatehouse.clients import adapters
from gatehouse.core.settings import read_settings
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
    """With patience: a busy machine may keep the issuer waiting, and that is not what is tried."""
    patient = replace(adapters.LIMITS, connect=15.0, read=15.0, total=20.0)
    monkeypatch.setattr(adapters, "LIMITS", patient)
    return Yard(client_of(reaching_app, address), make, issuer)
