"""A real server, people who sign in through its pages, and clients for the libraries of others."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from gatehouse.clients.models import Client
from gatehouse.core.runtime import Runtime
from tests.counterparts.visitor import Visitor
from tests.factories import Factory
from tests.relying import SECRET, make_client
from tests.serving import GatehouseServer

CALLBACK = "http://localhost:9/callback"  # Nobody listens there: the browser stops before it.
GOODBYE = "http://localhost:9/goodbye"


@dataclass(frozen=True)
class Provider:
    """The service that runs, its clients and the people who know it."""

    server: GatehouseServer
    runtime: Runtime
    make: Factory
    stack: ExitStack

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.server.port}"

    @property
    def announced(self) -> dict[str, Any]:
        found = self.server.call("GET", "/.well-known/openid-configuration")
        told: dict[str, Any] = found.json
        return told

    def needs(self, name: str) -> None:
        """Fail a test of something that this provider does not announce, but should."""
        if name not in self.announced:
            pytest.fail(f"The provider announces no {name}.")

    def needs_method(self, method: str) -> None:
        """The same for a way in which clients prove who they are."""
        if method not in self.announced["token_endpoint_auth_methods_supported"]:
            pytest.fail(f"The provider announces no {method}.")

    def client(self, **settings: Any) -> Client:
        settings = {
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [GOODBYE],
            "rate_limit": "100000/second",
            **settings,
        }
        return make_client(self.runtime, **settings)

    def told(self, client: Client, **more: Any) -> dict[str, Any]:
        """What somebody who uses a library has to configure."""
        method = client.settings.get("token_endpoint_auth_method", "client_secret_basic")
        told = {
            "issuer": self.issuer,
            "client_id": client.client_id,
            "method": method,
            "redirect_uri": client.settings["redirect_uris"][0],
            "after": GOODBYE,
            **more,
        }
        return told | ({"secret": SECRET} if method.startswith("client_secret") else {})

    def visitor(self, email: str = "", **options: Any) -> Visitor:
        """A new browser, of a new person or of the one with this address."""
        email = email or self.make.user(full_name="Kim Example").email
        return self.stack.enter_context(Visitor(self.issuer, email, **options))


@pytest.fixture(scope="session")
def serving(
    backend: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatehouseServer]:
    settings = {**backend, "RATELIMIT_ENABLED": "false"}
    place = tmp_path_factory.mktemp("provider")
    with GatehouseServer(place, settings, workers=2) as server:
        yield server


@pytest.fixture
def provider(serving: GatehouseServer, runtime: Runtime, make: Factory) -> Iterator[Provider]:
    with ExitStack() as stack:
        yield Provider(serving, runtime, make, stack)


def unless(missing: Callable[[], str]) -> None:
    """Skip a whole module for what is not installed; with ``CI`` set, let it fail instead."""
    said = missing()
    if said and not os.environ.get("CI"):
        pytest.skip(said, allow_module_level=True)
