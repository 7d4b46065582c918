"""What tests of the OpenID provider begin with: an application, and somebody who uses it."""

from typing import Any

import pytest
from flask import Flask

from gatehouse.accounts.models import User
from gatehouse.core.context import Runtime
from tests.factories import Factory
from tests.relying import Person, Rp, make_client


@pytest.fixture
def user(make: Factory) -> User:
    return make.user(full_name="Kim Example")


@pytest.fixture
def person(open_app: Flask, user: User, address: str) -> Person:
    return Person(open_app, user.email, REMOTE_ADDR=address)


@pytest.fixture
def make_rp(open_app: Flask, runtime: Runtime, address: str) -> Any:
    """``make_rp(org, scopes=[...])``: a client with these settings, and its application."""

    def made(org: Any = None, **settings: Any) -> Rp:
        return Rp(open_app, make_client(runtime, org, **settings), address)

    return made


@pytest.fixture
def rp(make_rp: Any) -> Rp:
    """An application that everybody may use."""
    return make_rp()
