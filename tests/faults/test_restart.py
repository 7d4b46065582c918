"""A rolling restart loses no session, no link, and no request (threat 237)."""

import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import RemoteDisconnected
from threading import Event
from time import sleep
from urllib.parse import urlencode

import psutil
import pytest

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import renew_link, web_address_of
from gatehouse.core.context import Origin, unit_of_work
from tests.factories import PASSWORD
from tests.faults.house import House
from tests.processes import wait_until
from tests.serving import GatehouseServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ME = "/api/v1/auth/me"
RESET = "/api/v1/auth/reset-password"
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
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
        finish_signing_in = half_signed_in(server, user.email)
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
        assert finish_signing_in() == (303, "/")
        assert server.call("POST", RESET, sent).status == 200


def half_signed_in(server: GatehouseServer, email: str) -> Callable[[], tuple[int, str]]:
    """Open the page. Returns what sends its form, and where that leads."""
    page = server.call("GET", "/login", headers={"Accept": "text/html"})
    form_token = FORM_TOKEN.findall(page.body.decode())[0]
    fields = urlencode({"form_token": form_token, "email": email, "password": PASSWORD}).encode()
    headers = {
        "Accept": "text/html",
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://localhost:{server.port}",
        "Cookie": page.headers.get("set-cookie", "").partition(";")[0],
    }

    def finish() -> tuple[int, str]:
        answer = server.call("POST", "/login", fields, headers=headers)
        return answer.status, answer.headers.get("location", "")

    return finish
