"""PostgreSQL is killed under load: nothing acknowledged is lost, and nobody restarts us."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from uuid import uuid4

import pytest

from tests.faults.house import House, durable_postgres, rows

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CALLERS = 6
PASSWORD = "correct horse battery staple"
REGISTER = "/api/v1/auth/register"


def test_what_was_acknowledged_is_there_and_the_rest_is_a_clean_503(tmp_path):
    """Threat 236: kill -9 in the middle of registrations; accounts, record and mails agree."""
    with durable_postgres(tmp_path) as postgres:
        house = House(tmp_path, {"DATABASE_URL": postgres.url()})
        stop, acknowledged, refused = Event(), [], []

        def register(_number: int) -> None:
            while not stop.is_set():
                email = f"{uuid4().hex}@example.test"
                sent = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
                reply = server.call("POST", REGISTER, sent)
                (acknowledged if reply.status == 201 else refused).append((email, reply))

        with house.server() as server, ThreadPoolExecutor(CALLERS) as callers:
            running = [callers.submit(register, number) for number in range(CALLERS)]
            try:
                sleep(1)
                postgres.kill()
                sleep(0.7)
                postgres.start()
                before = len(acknowledged)
                deadline = monotonic() + 15
                while len(acknowledged) < before + CALLERS and monotonic() < deadline:
                    sleep(0.05)
            finally:
                stop.set()
            for one in running:
                one.result()
        house.runtime.engine.dispose()

        assert before > 0
        assert len(acknowledged) >= before + CALLERS, "It did not recover by itself."
        assert refused, "Nobody noticed that the database was away."
        assert {reply.status for _, reply in refused} == {503}
        assert all(reply.json["error"]["type"] == "SERVICE_UNAVAILABLE" for _, reply in refused)
        emails = {email for email, _ in acknowledged}
        assert emails <= {email for (email,) in rows(postgres, "SELECT email FROM users")}
        (people,) = rows(postgres, "SELECT count(*) FROM users")
        registered = "FROM audit_entries WHERE action = 'account.registered'"
        assert rows(postgres, f"SELECT count(*) {registered}") == [people]
        mails = "FROM outbox_messages WHERE event = 'account.registered'"
        assert rows(postgres, f"SELECT count(*) {mails}") == [people]


@pytest.mark.parametrize(("here", "there"), [("Asia/Kolkata", "America/St_Johns")])
def test_clocks_of_another_zone_change_no_expiry(tmp_path, here, there):
    """Threat 240: ``TZ`` of the service and the zone of the database."""
    with durable_postgres(tmp_path, timezone=there) as postgres:
        house = House(tmp_path, {"DATABASE_URL": postgres.url()})
        token = house.make.session(house.make.user().id)
        with house.server(workers=1, TZ=here) as server:
            refreshed = server.call("POST", "/api/v1/auth/sessions/refresh", {}, token=token)
            assert refreshed.status == 200
            listed = server.call("GET", "/api/v1/auth/sessions", token=token)
        house.runtime.engine.dispose()

        (session,) = listed.json["data"]["sessions"]
        left = rows(postgres, "SELECT extract(epoch FROM expires_at - now()) FROM sessions")
        assert 880 < left[0][0] <= 900
        assert session["expires_at"].endswith("Z")
