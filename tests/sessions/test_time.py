"""Sessions and time: they slide with use, they end, and a job marks them. The clock is moved."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from gatehouse.accounts.models import User
from gatehouse.core.runtime import Runtime
from gatehouse.core.tokens import hash_token
from gatehouse.scheduler.service import run_once
from gatehouse.sessions.models import Session, SessionStatus
from gatehouse.sessions.queries import REMEMBERED
from tests.conftest import client_of
from tests.factories import Factory

ME = "/api/v1/auth/me"
REFRESH = "/api/v1/auth/sessions/refresh"
IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)
SECOND = timedelta(seconds=1)


class Visit:
    """A session, and a clock that passes for it in the database and in Redis alike."""

    def __init__(
        self, runtime: Runtime, client: FlaskClient, user: User, token: str, clock
    ) -> None:
        self.runtime, self.client, self.user, self.token = runtime, client, user, token
        self.clock = clock
        self.headers = {"Authorization": f"Bearer {token}"}

    def wait(self, time: timedelta) -> None:
        """Redis has a clock of its own: what it would have dropped by now is dropped."""
        self.clock.shift(time)
        if self.runtime.cache:
            self.runtime.cache.forget([str(self.user.id)])

    def use(self) -> int:
        return self.client.get(ME, headers=self.headers).status_code

    @property
    def row(self) -> Session:
        with self.runtime.reading() as db:
            return db.scalar(select(Session).where(Session.token_hash == hash_token(self.token)))


@pytest.fixture
def visit(runtime: Runtime, client: FlaskClient, make: Factory):
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        user = make.user()
        yield Visit(runtime, client, user, make.session(user.id), clock)


def test_a_session_that_is_used_lives_on(visit: Visit):
    for _ in range(6):
        visit.wait(timedelta(minutes=14))
        assert visit.use() == 200

    assert visit.row.expires_at == datetime.now(UTC) + IDLE
    assert visit.row.last_seen_at == datetime.now(UTC)


def test_a_session_that_is_not_used_is_over_after_its_idle_time(visit: Visit):
    visit.wait(IDLE - SECOND)
    assert visit.use() == 200

    visit.wait(IDLE)

    assert visit.use() == 401


def test_what_redis_remembers_ends_on_time_too(visit: Visit):
    """Nothing is dropped by hand here: the entry itself says when it is over."""
    assert visit.use() == 200

    visit.clock.shift(IDLE)

    assert visit.use() == 401


def test_no_use_carries_a_session_past_its_absolute_end(visit: Visit):
    """Threat 94."""
    started = datetime.now(UTC)
    while datetime.now(UTC) < started + ABSOLUTE - timedelta(minutes=10):
        visit.wait(timedelta(minutes=10))
        assert visit.use() == 200

    assert visit.row.expires_at == started + ABSOLUTE
    visit.wait(started + ABSOLUTE - datetime.now(UTC) - SECOND)
    assert visit.use() == 200
    visit.wait(SECOND)
    assert visit.use() == 401


def test_refreshing_does_not_carry_it_past_either(visit: Visit):
    """Threat 94."""
    started = datetime.now(UTC)
    for _ in range(34):
        visit.wait(timedelta(minutes=14))
        visit.client.post(REFRESH, headers=visit.headers)

    assert visit.row.ends_at == started + ABSOLUTE
    assert visit.row.expires_at == started + ABSOLUTE


def test_a_use_within_the_slack_is_not_written_down(visit: Visit):
    before = visit.row

    visit.wait(timedelta(seconds=60))
    visit.use()
    within = visit.row
    visit.wait(SECOND)
    visit.use()

    assert within.expires_at == before.expires_at
    assert visit.row.expires_at == before.expires_at + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("used_after", "idle_for", "status"),
    [(60, 839, 200), (60, 840, 401), (61, 899, 200), (61, 900, 401)],
)
def test_a_session_ends_at_most_the_slack_early_and_never_late(
    visit: Visit, used_after, idle_for, status
):
    visit.wait(timedelta(seconds=used_after))
    visit.use()

    visit.wait(timedelta(seconds=idle_for))

    assert visit.use() == status


def test_refreshing_tells_the_new_expiry_and_always_writes_it(visit: Visit):
    visit.wait(SECOND)

    reply = visit.client.post(REFRESH, headers=visit.headers)

    assert reply.status_code == 200
    assert set(reply.json["data"]) == {"expires_at"}
    assert datetime.fromisoformat(reply.json["data"]["expires_at"]) == datetime.now(UTC) + IDLE
    assert visit.row.expires_at == datetime.now(UTC) + IDLE


def test_an_ended_session_cannot_be_refreshed(visit: Visit):
    visit.wait(IDLE)

    reply = visit.client.post(REFRESH, headers=visit.headers)

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "INVALID_TOKEN")


def test_an_ended_session_is_not_listed(visit: Visit, make: Factory):
    visit.wait(IDLE)
    headers = make.bearer(visit.user)

    listed = visit.client.get("/api/v1/auth/sessions", headers=headers).json["data"]

    assert listed["count"] == 1
    assert listed["sessions"][0]["is_current"] is True


def test_sessions_that_have_run_out_are_not_counted_among_the_revoked(visit: Visit, make: Factory):
    """What the list does not show cannot be ended by hand."""
    visit.wait(IDLE)
    headers = make.bearer(visit.user)

    reply = visit.client.delete("/api/v1/auth/sessions", headers=headers)

    assert reply.json["data"] == {"ended": 0}


def test_confirming_extends_nothing_but_the_elevation(visit: Visit):
    before = visit.row
    visit.wait(timedelta(minutes=11))

    visit.client.post(
        "/api/v1/auth/reauthenticate",
        json={"password": "correct horse battery staple"},
        headers=visit.headers,
    )

    assert visit.row.auth_time == datetime.now(UTC)
    assert visit.row.ends_at == before.ends_at
    assert visit.row.created_at == before.created_at


def test_operators_choose_how_long_sessions_live(make_app, make: Factory, address: str):
    app = make_app(SESSION_IDLE_TIMEOUT="60", SESSION_ABSOLUTE_TIMEOUT="90")
    runtime, client = app.extensions["gatehouse"], client_of(app, address)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        user = make.user()
        short = Visit(runtime, client, user, Factory(runtime).session(user.id), clock)
        statuses = []
        for _ in range(3):
            short.wait(timedelta(seconds=40))
            statuses.append(short.use())

    assert statuses == [200, 200, 401]


def run_cleanup(runtime: Runtime) -> None:
    run_once(runtime, runtime.jobs["cleanup_sessions"])


@pytest.mark.parametrize(
    ("over_for", "status"),
    [
        (timedelta(seconds=-1), SessionStatus.ACTIVE),
        (timedelta(0), SessionStatus.ACTIVE),
        (timedelta(seconds=60), SessionStatus.ACTIVE),
        (timedelta(seconds=61), SessionStatus.EXPIRED),
        (timedelta(days=30), SessionStatus.EXPIRED),
    ],
)
def test_the_job_marks_what_ran_out_before_the_slack(visit: Visit, over_for, status):
    visit.wait(IDLE + over_for)

    run_cleanup(visit.runtime)

    row = visit.row
    assert row.status is status
    assert row.end_reason == ("expired" if status is SessionStatus.EXPIRED else None)
    assert row.ended_at == (datetime.now(UTC) if status is SessionStatus.EXPIRED else None)


def test_the_job_leaves_revoked_sessions_as_they_ended(visit: Visit):
    visit.client.post("/api/v1/auth/logout", headers=visit.headers)
    ended = visit.row
    visit.wait(timedelta(days=1))

    run_cleanup(visit.runtime)

    assert visit.row.status is SessionStatus.REVOKED
    assert (visit.row.end_reason, visit.row.ended_at) == ("signed_out", ended.ended_at)


def test_the_job_is_harmless_when_it_runs_twice(visit: Visit):
    """Threat 212."""
    visit.wait(timedelta(hours=1))
    run_cleanup(visit.runtime)
    first = visit.row

    visit.wait(timedelta(hours=1))
    run_cleanup(visit.runtime)

    assert (visit.row.status, visit.row.ended_at) == (first.status, first.ended_at)


@pytest.mark.parametrize("signs_out", [True, False])
def test_what_ended_long_ago_is_deleted_and_nothing_else(visit: Visit, make: Factory, signs_out):
    if signs_out:
        visit.client.post("/api/v1/auth/logout", headers=visit.headers)
    visit.wait(timedelta(hours=1))
    run_cleanup(visit.runtime)

    visit.wait(REMEMBERED - timedelta(hours=1))
    run_once(visit.runtime, visit.runtime.jobs["purge_sessions"])
    assert visit.row is not None
    visit.wait(timedelta(hours=2))
    newer = make.session(visit.user.id)
    run_once(visit.runtime, visit.runtime.jobs["purge_sessions"])

    assert visit.row is None
    visit.headers = {"Authorization": f"Bearer {newer}"}
    assert visit.use() == 200


def test_a_clock_that_was_wrong_revives_nothing(visit: Visit):
    """Threat 240: what was marked as over stays over when the clock goes back."""
    visit.wait(timedelta(hours=1))
    run_cleanup(visit.runtime)

    visit.wait(timedelta(hours=-1))

    assert visit.use() == 401
