"""Fixtures for every test. What touches a database runs twice: on SQLite, and on PostgreSQL with
Redis. Rows are committed for real; each test makes its own and looks at no others.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from xdist.scheduler import LoadScopeScheduling

from gatehouse.app import create_app
from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from gatehouse.ops.service import migrate
from tests import servers
from tests.factories import Factory
from tests.mailbox import Mailbox

BACKENDS = ("sqlite", "postgresql")
# What takes longest comes first, so that at the end no worker is left alone with it.
LONGEST = (
    "tests/faults/",
    "tests/test_openapi.py",
    "tests/test_serving.py",
    "tests/login/test_browser.py",
    "tests/test_servers.py",
    "tests/ops/",
    "tests/races/",
    "tests/test_s",
)
ROOM = 2**30  # bytes
COMPILED = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")
_addresses = count(1)


def pytest_configure(config: pytest.Config) -> None:
    # What is imported and collected stays to the end.
    gc.disable()
    compile_each_route_once()
    if config.option.markexpr != "unit":
        servers.share_servers(config)


def compile_each_route_once() -> None:
    """Hundreds of apps have the same routes: compiling those is most of the work of making one."""
    compiled, known = Rule.compile, {}

    def remembered(rule: Rule) -> None:
        key = (rule.rule, rule.host, rule.subdomain, str(rule.defaults), rule.merge_slashes)
        if key not in known:
            compiled(rule)
            known[key] = {name: vars(rule)[name] for name in COMPILED}
        made = known[key]
        bound = {name: made[name].__func__.__get__(rule) for name in ("_build", "_build_unknown")}
        vars(rule).update({**made, **bound, "arguments": set(made["arguments"])})

    Rule.compile = remembered


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    if servers.SHARED in node.config.stash:
        servers.hand_over(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run in one worker what may share a server of its own: starting one takes seconds."""
    config.option.loadscopereorder = False
    return Together(config, log)


class Together(LoadScopeScheduling):
    """Hand out what a file asks of one database as one; the races share their servers, too."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        place = "tests/races/" if path.startswith("tests/races/") else path
        return f"{place} {next((kind for kind in BACKENDS if f'[{kind}' in test), '')}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """What asks for the database, or for a server, is an integration test; the rest is not.

    Marked before others choose by the marks, and sorted after others have shuffled.
    """
    items[:] = filter(_has_its_database, items)
    for item in items:
        needs = {"backend", "shared_servers"} & set(getattr(item, "fixturenames", ()))
        if not item.get_closest_marker("integration"):
            item.add_marker(pytest.mark.integration if needs else pytest.mark.unit)
    yield
    items.sort(key=_turn)


def _has_its_database(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("only_on")
    kind = item.callspec.params.get("backend") if hasattr(item, "callspec") else None
    return mark is None or kind is None or kind in mark.args


def _turn(item: pytest.Item) -> int:
    turns = (turn for turn, place in enumerate(LONGEST) if item.nodeid.startswith(place))
    return next(turns, len(LONGEST))


def pytest_collection_finish() -> None:
    """There is no need to look again at what is there by now, nor often at what is new."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def shared_servers(pytestconfig: pytest.Config) -> servers.SharedServers:
    return pytestconfig.stash[servers.SHARED]


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> int:
    """The number of this pytest-xdist worker, from 0."""
    name = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    return int(name.removeprefix("gw"))


@pytest.fixture(scope="session")
def files_of_databases() -> Iterator[Path]:
    """A folder for databases in files; in memory if there is room: each commit waits for it."""
    memory = Path("/dev/shm")  # noqa: S108
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    with tempfile.TemporaryDirectory(
        prefix="gatehouse-", dir=memory if has_room else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def migrated(
    shared_servers: servers.SharedServers, files_of_databases: Path, worker: int
) -> Callable[[str], dict[str, str]]:
    """Make a database of either kind, once: tests may go back and forth between the kinds."""

    @cache
    def make(kind: str) -> dict[str, str]:
        if kind == "sqlite":
            chosen = {"DATABASE_URL": f"sqlite:///{files_of_databases / 'gatehouse.db'}"}
        else:
            name = f"gatehouse_{worker}"
            shared_servers.postgres.create_database(name)
            chosen = {
                "DATABASE_URL": shared_servers.postgres.url(name),
                "REDIS_URL": shared_servers.redis.url(worker),
            }
        app = create_app(read_settings({**SETTINGS, **chosen}))
        with app.app_context():
            migrate(app.extensions["gatehouse"], app.extensions["migrate"])
        app.extensions["gatehouse"].engine.dispose()
        return chosen

    return make


@pytest.fixture(scope="session", params=BACKENDS)
def backend(
    request: pytest.FixtureRequest, migrated: Callable[[str], dict[str, str]]
) -> dict[str, str]:
    """Settings that name a migrated database (and a Redis of our own, beside PostgreSQL)."""
    return migrated(request.param)


SETTINGS = {
    "FLASK_ENV": "testing",
    "LOG_LEVEL": "error",
    "REQUIRE_VERIFIED_EMAIL": "true",  # As where strangers can register.
}
WIDE = {
    f"RATELIMIT_{name}": "100000/minute"
    for name in (
        *("LOGIN", "REGISTER", "FORGOT", "CONTACT", "API"),
        *("AUTHORIZE", "CLIENT", "DEVICE", "REGISTRATION"),
    )
}


@pytest.fixture(scope="session")
def letters() -> Mailbox:
    """Where the mails of ``app`` go."""
    return Mailbox()


@pytest.fixture
def clock() -> Iterator[Any]:
    """Time that stands still until it is moved."""
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def mailbox(app: Flask, letters: Mailbox) -> Mailbox:
    """The mails of ``app`` from now on, and a worker that delivers them when told to."""
    letters.app = app
    letters.empty()
    return letters


@pytest.fixture(scope="session")
def app(backend: dict[str, str], letters: Mailbox) -> Iterator[Flask]:
    app = create_app(read_settings({**SETTINGS, **backend}), Mailer=letters)
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture(scope="session")
def open_app(backend: dict[str, str]) -> Iterator[Flask]:
    """An app whose limits nobody reaches. Guessing is counted all the same."""
    app = create_app(read_settings({**SETTINGS, **backend, **WIDE}))
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def make_app(backend: dict[str, str]) -> Iterator[Any]:
    """Make further apps on the same database, with own settings: ``make_app(PORT="1")``."""
    made: list[Flask] = []

    def make(**overrides: str) -> Flask:
        made.append(create_app(read_settings({**SETTINGS, **backend, **overrides})))
        return made[-1]

    yield make
    for app in made:
        app.extensions["gatehouse"].engine.dispose()


@pytest.fixture(scope="module")
def common_app(backend: dict[str, str]) -> Iterator[Any]:
    """Like ``make_app``, but all tests of a file get the same app for the same settings."""
    made: list[Flask] = []

    @cache
    def make(**overrides: str) -> Flask:
        made.append(create_app(read_settings({**SETTINGS, **backend, **overrides})))
        return made[-1]

    yield make
    for app in made:
        app.extensions["gatehouse"].engine.dispose()


@pytest.fixture(scope="session")
def runtime(app: Flask) -> Runtime:
    runtime: Runtime = app.extensions["gatehouse"]
    return runtime


@pytest.fixture
def db(runtime: Runtime) -> Iterator[Session]:
    """A session to look with. It sees what is committed when it looks."""
    with runtime.reading() as db:
        yield db


@pytest.fixture
def ctx(runtime: Runtime) -> Iterator[Context]:
    """A unit of work of the test itself, committed at its end."""
    with unit_of_work(runtime, Origin("test-context")) as ctx:
        yield ctx


@pytest.fixture(scope="session")
def make(runtime: Runtime) -> Factory:
    return Factory(runtime)


@pytest.fixture
def address() -> str:
    """An address that no other test calls from, so that limits are our own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    number = next(_addresses)
    return f"10.{worker}.{number // 250}.{number % 250 + 1}"


@pytest.fixture
def client(app: Flask, address: str) -> FlaskClient:
    return client_of(app, address)


def client_of(app: Flask, address: str = "127.0.0.1", agent: str = "tests/1.0") -> FlaskClient:
    client = app.test_client()
    client.environ_base = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}
    return client
