"""Fixtures of the login tests."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from tests.conftest import SETTINGS, WIDE, client_of

Callers = Callable[..., FlaskClient]


@pytest.fixture
def caller(open_app: Flask, address: str) -> Callers:
    """Clients of the app with wide limits: ``caller(agent="phone/1")``."""
    return lambda **where: client_of(open_app, **{"address": address, **where})


@pytest.fixture
def build(backend: dict[str, str]) -> Iterator[Callable[..., Flask]]:
    """Make apps with a port swapped by its name, and settings of one's own."""
    made: list[Flask] = []

    def make(settings: dict[str, str] | None = None, **ports: object) -> Flask:
        chosen = {**SETTINGS, **backend, **WIDE, **(settings or {})}
        made.append(create_app(read_settings(chosen), **ports))
        return made[-1]

    yield make
    for app in made:
        app.extensions["gatehouse"].engine.dispose()
