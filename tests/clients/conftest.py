"""What tests of clients begin with: an application that calls the endpoints for programs, an
organization, and somebody of each role in it.
"""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.organizations.models import Organization
from tests.conftest import client_of
from tests.factories import Factory
from tests.relying import Rp, make_client

MACHINE = {"grant_types": ["client_credentials"], "scopes": ["api"]}


@pytest.fixture
def make_machine(open_app: Flask, runtime: Runtime, address: str) -> Any:
    """``make_machine(jwks=...)``: a client that gets tokens for itself."""

    def made(**settings: Any) -> Rp:
        return Rp(open_app, make_client(runtime, **{**MACHINE, **settings}), address)

    return made


class Manager:
    """Somebody who manages the clients of an organization over REST."""

    def __init__(self, http: FlaskClient, org: Organization, bearer: dict[str, str]) -> None:
        self.http, self.org, self.bearer = http, org, bearer
        self.root = f"/api/v1/organizations/{org.id}/clients"

    def call(self, method: str, path: str = "", **options: Any) -> Any:
        return self.http.open(self.root + path, method=method, headers=self.bearer, **options)

    def create(self, **fields: Any) -> dict[str, Any]:
        usual = {"name": "App", "redirect_uris": ["https://app.example.com/callback"]}
        answer = self.call("POST", json={**usual, **fields})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json["data"]["client"]
        return found

    def change(self, client: dict[str, Any], **fields: Any) -> Any:
        return self.call("PATCH", f"/{client['id']}", json=fields)

    def read(self, client: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/{client['id']}").json["data"]["client"]
        return found

    def rotate(self, client: dict[str, Any], **fields: Any) -> str:
        answer = self.call("POST", f"/{client['id']}/rotate-secret", json=fields)
        assert answer.status_code == 200, answer.text
        secret: str = answer.json["data"]["client"]["client_secret"]
        return secret


@pytest.fixture
def org(make: Factory) -> Organization:
    return make.organization()


@pytest.fixture
def as_role(open_app: Flask, make: Factory, org: Organization, address: str) -> Any:
    """``as_role(Role.OWNER)``: a new person of this role."""

    def made(role: Role = Role.ADMIN, **fields: Any) -> Manager:
        member = make.member(org, role, **fields)
        return Manager(client_of(open_app, address), org, make.bearer(member))

    return made


@pytest.fixture
def admin(as_role: Any) -> Manager:
    manager: Manager = as_role(Role.ADMIN)
    return manager
