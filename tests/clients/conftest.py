"""What tests of clients begin with: an application that calls the endpoints for programs."""

from typing import Any

import pytest
from flask import Flask

from gatehouse.core.context import Runtime
from tests.relying import Rp, make_client

MACHINE = {"grant_types": ["client_credentials"], "scopes": ["api"]}


@pytest.fixture
def make_machine(open_app: Flask, runtime: Runtime, address: str) -> Any:
    """``make_machine(jwks=...)``: a client that gets tokens for itself."""

    def made(**settings: Any) -> Rp:
        return Rp(open_app, make_client(runtime, **{**MACHINE, **settings}), address)

    return made
