"""Readers who stop in the middle of a long answer, under both servers: they hold up nobody long."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from time import monotonic, sleep

import pytest
from sqlalchemy import insert

from gatehouse.audit.models import AuditEntry
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.places import STALLED
from gatehouse.core.roles import Role
from tests.faults.house import House, durable_postgres

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ENTRIES = 8000  # some MB: more than the buffers on the way take
THREADS = 4
PLACES = 2  # of these threads


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("stalled")
    with durable_postgres(folder) as postgres:
        house = House(folder, {"DATABASE_URL": postgres.url()})
        yield house
        house.runtime.engine.dispose()


def export_of(house: House) -> tuple[str, str]:
    """An organization with a long record: where it is exported, and its owner's token."""
    org = house.make.organization()
    token = house.make.session(house.make.member(org, Role.OWNER).user_id)
    now, pad = datetime.now(UTC), "x" * 1200
    entry = {"created_at": now, "action": "test.filled", "org_id": org.id, "actor_kind": "job"}
    entry |= {"resource_type": "x", "request_id": "r", "success": True, "details": {"pad": pad}}
    with unit_of_work(house.runtime, Origin()) as ctx:
        ctx.db.execute(insert(AuditEntry), [entry] * ENTRIES)
    return f"/api/v1/organizations/{org.id}/audit-logs/export", token


def begin(port: int, path: str, token: str) -> socket.socket:
    """Ask for an export, and take nothing of it but its beginning."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(20)
    reader.connect(("127.0.0.1", port))
    asks = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    reader.sendall(asks.encode())
    assert reader.recv(12) == b"HTTP/1.1 200"
    return reader


@pytest.mark.parametrize("drips", [False, True], ids=["stalls", "drips"])
@pytest.mark.parametrize("kind", ["granian", "gunicorn"])
def test_those_who_stall_lose_their_places_to_whoever_comes(house, kind, drips):
    """Threat 204. Under granian they kept all others from exporting, for ever."""
    theirs, ours = [export_of(house) for _ in range(PLACES)], export_of(house)
    few = {"workers": 1, "SERVER_THREADS": str(THREADS)}
    with house.server(kind=kind, **few) as server, ExitStack() as readers:
        held = [readers.enter_context(begin(server.port, *each)) for each in theirs]
        assert server.call("GET", ours[0], token=ours[1]).status == 429
        wait(held if drips else [], STALLED + 2)

        started, status = monotonic(), 0
        while status != 200 and monotonic() - started < 2 * STALLED:
            wait(held if drips else [], 1)
            status = server.call("GET", ours[0], token=ours[1], timeout=60).status

        assert status == 200
        assert server.call("GET", "/api/health/live").status == 200


def wait(dripping: list[socket.socket], seconds: float) -> None:
    """Let time pass, in which some take a little of their answers now and then."""
    for _ in range(int(seconds)):
        sleep(1)
        for reader in dripping:
            try:
                reader.recv(512)
            except OSError:
                continue
