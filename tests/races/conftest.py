"""A server with four worker processes on each backend, for tests of races."""

from collections.abc import Iterator

import pytest

from tests.serving import GatehouseServer


@pytest.fixture(scope="session")
def server(
    backend: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatehouseServer]:
    settings = {
        **backend,
        "RATELIMIT_ENABLED": "false",
        "SESSION_IDLE_TIMEOUT": "900",
        "OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    with GatehouseServer(tmp_path_factory.mktemp("server"), settings, workers=4) as server:
        yield server
