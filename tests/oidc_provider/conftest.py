"""What tests of the OpenID provider begin with: an application, and somebody who uses it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.clients.models import Client
from gatehouse.core import wire
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.factories import Factory
from tests.oidc_provider.scenes import Scene
from tests.relying import Person, Rp, make_client
from tests.sink import certificate


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


@pytest.fixture
def make_scene(
    open_app: Flask, runtime: Runtime, make: Factory, client: FlaskClient, address: str
) -> Callable[..., Scene]:
    def made(**settings: Any) -> Scene:
        org = make.organization()
        owner = make.bearer(make.member(org, Role.OWNER))
        member = make.member(org, user=make.user())
        department = make.department(org, member)
        if settings.get("access_policy") == "groups":
            settings["allowed_group_ids"] = [str(department.id)]
        rp = Rp(open_app, make_client(runtime, org, **settings), address)
        own = make.bearer(member)
        return Scene(make, client, runtime, org, owner, member, own, rp, department)

    return made


@pytest.fixture
def trusted_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A certificate for 127.0.0.1 that this machine trusts."""
    certificates, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    wire.trusting.cache_clear()
    yield context
    wire.trusting.cache_clear()


@pytest.fixture
def cli(open_app: Flask, runtime: Runtime, address: str) -> Rp:
    with runtime.reading() as db:
        row = db.scalar(select(Client).where(Client.client_id == "gatehouse-cli"))
    return Rp(open_app, row, address)
