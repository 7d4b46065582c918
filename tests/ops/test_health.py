"""Is it there, and does it work?"""

from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import text

from gatehouse.core.reactions import Job
from gatehouse.core.schema import (
    say_what_is_missing,
    say_what_is_not_set,
    say_what_the_schema_lacks,
)
from gatehouse.core.settings import Environment
from gatehouse.ops.service import migrate
from gatehouse.scheduler.service import run_worker
from tests.conftest import client_of
from tests.processes import free_port, wait_until
from tests.servers import PostgresServer

HEALTH = "/api/health"
ALIAS = "/api/v1/health"


def test_all_is_well(client, backend):
    answer = client.get(HEALTH)

    assert answer.status_code == 200
    assert answer.json["data"] == {
        "status": "healthy",
        "service": "gatehouse",
        "checks": {
            "database": "ok",
            "redis": "ok" if "REDIS_URL" in backend else "not configured",
        },
    }


def test_both_addresses_tell_the_same(client):
    assert client.get(ALIAS).json["data"] == client.get(HEALTH).json["data"]


def test_live_and_ready_have_nothing_to_tell_but_that(client):
    assert client.get(f"{HEALTH}/live").json["data"] == {"status": "alive"}
    assert client.get(f"{HEALTH}/ready").json["data"] == {"status": "ready"}


@pytest.mark.parametrize("path", [HEALTH, ALIAS, f"{HEALTH}/live", f"{HEALTH}/ready"])
def test_health_tells_nothing_of_versions_hosts_or_names(client, path, backend):
    """Threat 201."""
    answer = client.get(path, headers={"User-Agent": "kube-probe/1.0"})

    for word in ("127.0.0.1", "postgres", "sqlite", "Python", "Flask", "3.11"):
        assert word not in answer.text
    assert "Server" not in answer.headers


def test_without_redis_the_service_is_degraded_and_back_by_itself(make_app, redis_server):
    """Threat 242."""
    client = make_app(REDIS_URL=redis_server.url()).test_client()
    assert client.get(HEALTH).json["data"]["status"] == "healthy"
    redis_server.kill()

    degraded = client.get(HEALTH)
    assert degraded.status_code == 200
    assert degraded.json["data"]["status"] == "degraded"
    assert degraded.json["data"]["checks"] == {"database": "ok", "redis": "down"}
    assert client.get(f"{HEALTH}/ready").status_code == 200

    redis_server.start()
    assert wait_until(lambda: client.get(HEALTH).json["data"]["status"] == "healthy")


def test_signing_in_works_while_redis_is_away(make_app, make, redis_server, address):
    """Threat 242: login works degraded."""
    client = client_of(make_app(REDIS_URL=redis_server.url()), address)
    user = make.user()
    headers = make.bearer(user)
    assert client.get("/api/v1/users/me", headers=headers).status_code == 200
    redis_server.kill()

    login = {"email": user.email, "password": "correct horse battery staple"}
    answer = client.post("/api/v1/auth/login", json=login)

    assert answer.status_code == 200
    assert client.get("/api/v1/users/me", headers=headers).status_code == 200
    assert client.post("/api/v1/auth/logout", headers=headers).status_code == 200
    assert client.get("/api/v1/users/me", headers=headers).status_code == 401


def assert_unwell(answer, *, redis: str | None = None):
    assert answer.status_code == 503
    assert answer.json["error"]["type"] == "SERVICE_UNAVAILABLE"
    assert answer.json["error"]["details"]["database"] == "down"
    assert answer.headers["Retry-After"] == "1"
    if redis:
        assert answer.json["error"]["details"]["redis"] == redis


def test_a_database_that_is_not_there_is_said_and_live_goes_on(app_on):
    url = f"postgresql://u:hunter2@127.0.0.1:{free_port()}/gatehouse"
    client = app_on(url, LOG_LEVEL="error").test_client()

    assert_unwell(client.get(HEALTH), redis="not configured")
    assert_unwell(client.get(ALIAS))
    assert_unwell(client.get(f"{HEALTH}/ready"))
    assert client.get(f"{HEALTH}/live").status_code == 200
    assert "hunter2" not in client.get(HEALTH).text


def test_a_database_without_our_tables_is_no_database(empty_database, app_on):
    """Who balances load learns that; who starts the server learns how to mend it."""
    app = app_on(empty_database)
    client = app.test_client()

    for answer in (client.get(HEALTH), client.get(f"{HEALTH}/ready")):
        assert answer.status_code == 503
        assert answer.json["error"]["details"]["database"] == "schema"
        assert "manage.py db upgrade" in answer.json["message"]
        assert "manage.py doctor says what to do" in answer.json["message"]
    assert client.get(f"{HEALTH}/live").status_code == 200

    with app.app_context():
        migrate(app.extensions["gatehouse"], app.extensions["migrate"])
    assert client.get(f"{HEALTH}/ready").status_code == 200


def test_a_schema_of_the_next_version_serves_this_one_too(empty_database, app_on):
    """A rolling upgrade: the workers that are still to be replaced stay in the balance."""
    app = app_on(empty_database)
    with app.app_context():
        migrate(app.extensions["gatehouse"], app.extensions["migrate"])
    with app.extensions["gatehouse"].engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '20990101_next'"))

    assert app.test_client().get(f"{HEALTH}/ready").status_code == 200


def test_a_server_says_once_as_it_starts_that_there_is_no_schema(empty_database, app_on, capsys):
    engine = app_on(empty_database).extensions["gatehouse"].engine

    say_what_the_schema_lacks(engine)

    said = capsys.readouterr().out
    assert said.count("The database has no schema. Make it: python manage.py db upgrade.") == 1


def test_a_server_says_as_it_starts_that_it_can_send_no_mail(empty_database, app_on, capsys):
    runtime = app_on(empty_database, LOG_LEVEL="warning").extensions["gatehouse"]
    production = replace(runtime.settings, environment=Environment.PRODUCTION)

    say_what_is_missing(production, runtime.engine)

    assert "SMTP_HOST is not set" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "is_told"), [("http://localhost:5000", True), ("https://id.example.org", False)]
)
def test_a_server_says_as_it_starts_that_its_links_lead_nowhere(app_on, url, is_told, capsys):
    runtime = app_on("sqlite://", LOG_LEVEL="warning", APP_URL=url).extensions["gatehouse"]

    say_what_is_not_set(replace(runtime.settings, environment=Environment.PRODUCTION))
    in_production = capsys.readouterr().out
    say_what_is_not_set(runtime.settings)

    assert (f"APP_URL is {url}: links" in in_production) is is_told
    assert "APP_URL" not in capsys.readouterr().out


def test_a_server_says_as_it_starts_which_names_nobody_reads(app_on, monkeypatch, capsys):
    runtime = app_on("sqlite://", LOG_LEVEL="warning").extensions["gatehouse"]
    monkeypatch.setenv("SMTP_HOTS", "hunter2")

    say_what_is_not_set(runtime.settings)

    said = capsys.readouterr().out
    assert "SMTP_HOTS is set, and is no setting. Is SMTP_HOST meant?" in said
    assert "hunter2" not in said


@pytest.mark.slow
@pytest.mark.integration
def test_a_database_that_is_killed_is_missed_and_found_again(app_on, tmp_path, capsys):
    """Threat 97: what a caller is told of it holds no address and no SQL."""
    with PostgresServer(tmp_path / "postgres") as server:
        app = app_on(server.url())
        with app.app_context():
            migrate(app.extensions["gatehouse"], app.extensions["migrate"])
        client = app.test_client()
        assert client.get(HEALTH).status_code == 200
        server.kill()

        assert_unwell(client.get(HEALTH))
        refused = client.post("/api/v1/auth/login", json={"email": "a@b.example", "password": "x"})
        assert refused.status_code == 503
        assert refused.json["error"] == {"type": "SERVICE_UNAVAILABLE", "details": {}}
        for word in ("SELECT", "INSERT", "psycopg", "127.0.0.1", str(server.port)):
            assert word not in refused.text

        server.start()
        assert client.get(HEALTH).status_code == 200
        app.extensions["gatehouse"].engine.dispose()
    assert server.password not in capsys.readouterr().out


def test_a_worker_waits_for_the_schema_and_then_runs(empty_database, app_on, capsys):
    """Nothing fails, once a second, until somebody has brought it up."""
    app = app_on(empty_database)
    runtime, stop, ran = app.extensions["gatehouse"], Event(), Event()
    job = Job("ring", timedelta(seconds=1), lambda _: ran.set() or 0, alone=False, waits=False)
    worker = Thread(target=run_worker, args=(replace(runtime, jobs={"ring": job}), stop))
    worker.start()
    try:
        assert wait_until(lambda: "The worker waits." in capsys.readouterr().out)
        assert not ran.is_set()
        with app.app_context():
            migrate(runtime, app.extensions["migrate"])
        assert ran.wait(10)
    finally:
        stop.set()
        worker.join()
