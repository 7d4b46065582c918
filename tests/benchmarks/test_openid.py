"""What the benchmarks ask our provider is answered as they mean it."""

import pytest

from benchmarks import openid
from benchmarks.load import LoadError
from gatehouse.app import create_app
from gatehouse.core.db import Model
from gatehouse.core.settings import read_settings
from gatehouse.ops.service.demo import seed_demo
from tests.conftest import SETTINGS, WIDE
from tests.processes import free_port
from tests.serving import served

pytestmark = [pytest.mark.slow, pytest.mark.integration]
ASKED = {
    "machine": openid.machine_token(),
    "introspection": openid.introspection,
    "userinfo": openid.userinfo,
    "refresh": openid.refresh,
}


@pytest.fixture(scope="module")
def place(shared_servers, worker):
    """The port of an application with the demo data, and what it is asked with."""
    name = f"bench_{worker}"
    shared_servers.postgres.create_database(name)
    address = {"DATABASE_URL": shared_servers.postgres.url(name)}
    app = create_app(read_settings({**SETTINGS, **WIDE, **address}))
    runtime = app.extensions["gatehouse"]
    Model.metadata.create_all(runtime.engine)
    seed_demo(runtime)
    party = openid.filled(runtime, "ES256")
    port = free_port()
    with served(app, port):
        yield port, party
    runtime.engine.dispose()


@pytest.mark.parametrize("name", ASKED)
def test_the_answer_is_the_one_that_is_meant(place, name):
    port, party = place
    asked = ASKED[name](party)
    for one in (asked[0], asked[-1]):
        openid.expect_good(port, one)


def test_a_token_that_is_over_is_no_figure(place):
    port, party = place
    with pytest.raises(LoadError, match="not a good one"):
        openid.expect_good(port, party.post("introspect", token="over"))
