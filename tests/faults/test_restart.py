"""A rolling restart loses no session, no link, and no request (threat 237)."""

import signal
from concurrent.futures import ThreadPoolExecutor
from http.client import RemoteDisconnected
from threading import Event
from time import sleep

import psutil
import pytest

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import renew_link, web_address_of
from gatehouse.core.context import Origin, unit_of_work
from tests.faults.house import House
from tests.processes import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ME = "/api/v1/auth/me"
RESET = "/api/v1/auth/reset-password"
NEW = "zebra lantern forty-two orbit"


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path, {"DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}"})
    yield house
    house.runtime.engine.dispose()


@pytest.mark.parametrize("kind", ["granian", "gunicorn"])
def test_every_worker_is_replaced_and_nobody_notices(house, kind):
    user = house.make.user()
    token = house.make.session(user.id)
    with unit_of_work(house.runtime, Origin()) as ctx:
        link = renew_link(ctx, user, LinkPurpose.RESET)
        secret = web_address_of(ctx, link.id).rpartition("/")[2]
    stop, statuses, closed = Event(), [], []

    def keep_asking() -> None:
        while not stop.is_set():
            try:
                statuses.append(server.call("GET", ME, token=token).status)
            except RemoteDisconnected:  # It was opened as its worker stopped: nothing was read.
                closed.append(server.call("GET", ME, token=token).status)
            sleep(0.02)

    with house.server(kind=kind) as server, ThreadPoolExecutor(3) as callers:
        parent = psutil.Process(server.pid)
        before = {child.pid for child in parent.children()}
        asking = [callers.submit(keep_asking) for _ in range(3)]
        try:
            parent.send_signal(signal.SIGHUP)
            assert wait_until(lambda: not before & {child.pid for child in parent.children()})
            sleep(0.3)
        finally:
            stop.set()
        for one in asking:
            one.result()

        assert {*statuses, *closed} == {200}
        assert len(statuses) > 2
        assert len(closed) <= (len(before) if kind == "granian" else 0)
        sent = {"token": secret, "password": NEW, "password_confirm": NEW}
        assert server.call("POST", RESET, sent).status == 200
