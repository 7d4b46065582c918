"""What tests of the command line begin with: a server, people, and a machine of theirs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatehouse.accounts.models import User
from gatehouse.app import create_app
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from tests.cli.authority import Authority, Played
from tests.cli.programs import Cli
from tests.cli.stage import staged
from tests.factories import Factory
from tests.openssh import ssh_agent
from tests.serving import GatehouseServer


@pytest.fixture(scope="session")
def settings(migrated: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """SQLite alone: what the command line sees of a server is the same on each."""
    free = {"RATELIMIT_ENABLED": "false", "OUTBOUND_ALLOW": "127.0.0.0/8"}
    return {**migrated("sqlite"), "FLASK_ENV": "testing", **free}


@pytest.fixture(scope="session")
def serving(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatehouseServer]:
    place = tmp_path_factory.mktemp("cli-server")
    with GatehouseServer(place, settings, workers=1) as server:
        yield server


@pytest.fixture(scope="session")
def runtime(settings: dict[str, str]) -> Iterator[Runtime]:
    app = create_app(read_settings(settings))
    runtime: Runtime = app.extensions["gatehouse"]
    yield runtime
    runtime.engine.dispose()


@pytest.fixture(scope="session")
def make(runtime: Runtime) -> Factory:
    return Factory(runtime)


@pytest.fixture
def user(make: Factory) -> User:
    return make.user(full_name="Kim Marlowe")


@pytest.fixture
def cli(serving: GatehouseServer, tmp_path: Path) -> Cli:
    """A machine on which nobody is signed in."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    return Cli(home, f"http://localhost:{serving.port}")


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """A Gatehouse on a stage, which signs whatever it is asked to."""
    with staged() as stage:
        yield Played(stage, Authority.made(tmp_path / "ca"))


@pytest.fixture
def at_work(cli: Cli, make: Factory, user: User) -> Cli:
    """A machine whose environment has the token of a session, as that of a CI job."""
    cli.env["GATEHOUSE_TOKEN"] = make.session(user.id)
    return cli


@pytest.fixture
def signed_in(cli: Cli, user: User) -> Cli:
    """A machine on which somebody has signed in."""
    done = cli.sign_in(user.email)
    assert done.code == 0, done.said
    return cli


@pytest.fixture
def agent(machine: Cli) -> Iterator[dict[str, str]]:
    """An agent of OpenSSH."""
    with ssh_agent(machine.home / "agent") as named:
        machine.env.update(named)
        yield named
