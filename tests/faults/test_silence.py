"""PostgreSQL is frozen, not dead: connections stand, and nothing is ever answered on them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import psutil
import pytest

from gatehouse.core.silence import LONGEST, Impatient
from tests.faults.house import House, durable_postgres
from tests.servers import PostgresServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LOGIN = "/api/v1/auth/login"
READY = "/api/health/ready"
ACCOUNT = {"email": "a@b.example", "password": "correct horse battery staple"}


@pytest.fixture
def postgres(tmp_path):
    with durable_postgres(tmp_path) as server:
        yield server


@pytest.fixture
def house(postgres, tmp_path):
    house = House(tmp_path, {"DATABASE_URL": postgres.url()})
    yield house
    house.runtime.engine.dispose()


@pytest.fixture
def client(house):
    client = house.app.test_client()
    assert client.post(LOGIN, json=ACCOUNT).status_code == 401  # There is a connection now.
    return client


@contextmanager
def frozen(postgres: PostgresServer) -> Iterator[None]:
    parent = psutil.Process(postgres.pid)
    processes = [parent, *parent.children()]
    try:
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


def test_a_request_gives_up_and_the_connection_serves_nobody_else(postgres, client, monkeypatch):
    monkeypatch.setattr(Impatient, "patience", 1)
    with frozen(postgres):
        started = monotonic()
        refused = client.post(LOGIN, json=ACCOUNT)
        took = monotonic() - started

    assert refused.status_code == 503
    assert refused.json["error"] == {"type": "SERVICE_UNAVAILABLE", "details": {}}
    assert took < 7  # The new connection that it tries has 5 s.
    assert client.post(LOGIN, json=ACCOUNT).status_code == 401
    assert client.get(READY).status_code == 200


def test_who_asks_for_its_health_need_not_wait_for_so_long(postgres, client):
    with frozen(postgres):
        started = monotonic()
        answer = client.get(READY)
        took = monotonic() - started

    assert answer.status_code == 503
    assert answer.json["error"]["details"]["database"] == "down"
    assert took < 7
    assert client.get(READY).status_code == 200


def test_the_server_ends_what_takes_too_long_before_we_hang_up(house):
    with house.runtime.engine.connect() as db:
        driver = db.connection.driver_connection
        limit = db.exec_driver_sql("SHOW statement_timeout").scalar()

    assert limit == "25s"
    assert driver.patience == LONGEST > 25
