"""SQLite that is locked by somebody else, or has no room left: a clean refusal, then on."""

import resource
import sqlite3
from time import monotonic

import psutil
import pytest

from tests.faults.house import House

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PASSWORD = "correct horse battery staple"
REGISTER = "/api/v1/auth/register"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "gatehouse.db"


@pytest.fixture
def house(tmp_path, path):
    house = House(tmp_path, {"DATABASE_URL": f"sqlite:///{path}"})
    yield house
    house.runtime.engine.dispose()


def person(number: int) -> dict[str, str]:
    email = f"person-{number}@example.test"
    return {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}


def assert_refused(reply) -> None:
    assert (reply.status, reply.json["error"]["type"]) == (503, "SERVICE_UNAVAILABLE")
    assert "sqlite" not in reply.body.decode().lower()
    assert "Retry-After".lower() in reply.headers


def test_a_lock_of_somebody_else_is_waited_for_and_then_said(house, path):
    token = house.make.session(house.make.user().id)
    with house.server(workers=1) as server:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = monotonic()

        assert_refused(server.call("POST", REGISTER, person(1)))
        assert server.call("GET", "/api/v1/auth/me", token=token).status == 200

        assert 4 < monotonic() - started < 12
        other.execute("ROLLBACK")
        other.close()
        assert server.call("POST", REGISTER, person(1)).status == 201


def test_a_full_disk_is_said_and_nothing_is_half_done(house, path):
    """No file of the server may grow any more, as on a disk without room."""
    token = house.make.session(house.make.user().id)
    with house.server(workers=1) as server:
        assert server.call("POST", REGISTER, person(0)).status == 201
        (worker,) = psutil.Process(server.pid).children()
        _, most = worker.rlimit(psutil.RLIMIT_FSIZE)
        size = max(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
        worker.rlimit(psutil.RLIMIT_FSIZE, (size, most))

        replies = [server.call("POST", REGISTER, person(number)) for number in range(1, 30)]
        refused = [reply for reply in replies if reply.status != 201]

        assert refused
        for reply in refused:
            assert_refused(reply)
        assert server.call("GET", "/api/v1/auth/me", token=token).status == 200
        worker.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, most))
        assert server.call("POST", REGISTER, person(100)).status == 201

    with sqlite3.connect(path) as db:
        (check,) = db.execute("PRAGMA integrity_check").fetchone()
        (people,) = db.execute("SELECT count(*) FROM users").fetchone()
        registered = "SELECT count(*) FROM audit_entries WHERE action = 'account.registered'"
        (entries,) = db.execute(registered).fetchone()
    db.close()
    assert check == "ok"
    made = sum(reply.status == 201 for reply in replies)
    assert people == made + 3  # the caller, the first, and the last
    assert entries == made + 2
