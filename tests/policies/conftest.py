"""Fixtures of the tests of policies."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from gatehouse.core.runtime import Runtime
from gatehouse.policies.rules import Mode
from tests.factories import Factory
from tests.mfa.owners import Owner
from tests.organizations.people import Circle
from tests.policies.demands import Demanding


@pytest.fixture
def circle(make: Factory) -> Circle:
    return Circle(make)


@pytest.fixture
def owner(client: FlaskClient, make: Factory, runtime: Runtime) -> Owner:
    return Owner(client, make, runtime)


@pytest.fixture
def demanding(make: Factory, runtime: Runtime) -> Callable[..., Demanding]:
    def demand(mode: Mode = Mode.REQUIRE_TOTP, **fields: Any) -> Demanding:
        return Demanding(make, runtime, mode, **fields)

    return demand
