"""/metrics: who may read it, and what it says (threat 201)."""

import re

import pytest

from gatehouse import __version__
from gatehouse.core.settings import SettingsRefused, read_settings
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory
from tests.processes import wait_until
from tests.serving import GatehouseServer

TOKEN = "a-token-for-the-metrics"
LOGIN = "/api/v1/auth/login"
LINE = re.compile(r'^[a-z_]+(\{([a-z_]+="[^"\n]*",?)+\})? [-+0-9.e]+$')


@pytest.fixture
def make_counting(make_app, tmp_path):
    made = []

    def make(**settings):
        app = make_app(METRICS_ENABLED="true", METRICS_DIR=str(tmp_path / "m"), **settings)
        made.append(app.extensions["gatehouse"].metrics)
        return app

    yield make
    for metrics in made:
        metrics.close()


def read(app, address: str = "127.0.0.1", **headers: str):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client_of(app, address).get("/metrics", headers=sent)


def value(text: str, series: str) -> float:
    (found,) = re.findall(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found)


@pytest.mark.parametrize(
    ("settings", "address", "headers", "status"),
    [
        ({}, "127.0.0.1", {}, 200),
        ({}, "::1", {}, 200),
        ({}, "192.0.2.1", {}, 403),
        ({}, "127.0.0.1", {"X_Forwarded_For": "192.0.2.1"}, 403),
        ({}, "127.0.0.1", {"Forwarded": "for=192.0.2.1"}, 403),
        ({}, "192.0.2.1", {"X_Forwarded_For": "127.0.0.1"}, 403),
        ({}, "127.0.0.1", {"Authorization": f"Bearer {TOKEN}"}, 401),
        ({"TRUSTED_PROXY_HOPS": "1"}, "127.0.0.1", {"X_Forwarded_For": "192.0.2.1"}, 403),
        ({"TRUSTED_PROXY_HOPS": "1"}, "10.0.0.1", {"X_Forwarded_For": "x, 127.0.0.1"}, 200),
        ({"METRICS_ALLOW": "192.0.2.0/24"}, "192.0.2.1", {}, 200),
        ({"METRICS_ALLOW": "192.0.2.0/24"}, "127.0.0.1", {}, 403),
        ({"METRICS_TOKEN": TOKEN}, "192.0.2.1", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"METRICS_TOKEN": TOKEN}, "192.0.2.1", {"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"METRICS_TOKEN": TOKEN}, "127.0.0.1", {"Authorization": "Bearer \xe4"}, 401),
        ({"METRICS_TOKEN": TOKEN}, "192.0.2.1", {"Authorization": f"Basic {TOKEN}"}, 401),
        ({"METRICS_TOKEN": TOKEN}, "192.0.2.1", {}, 401),
        ({"METRICS_ENABLED": "false"}, "127.0.0.1", {}, 404),
    ],
)
def test_who_may_read_them(make_app, tmp_path, settings, address, headers, status):
    settings = {"METRICS_ENABLED": "true", "METRICS_DIR": str(tmp_path / "m")} | settings
    app = make_app(**settings)

    answer = read(app, address, **headers)

    assert answer.status_code == status
    if status != 200:
        assert answer.json["success"] is False
        assert "gatehouse_" not in answer.text
    if metrics := app.extensions["gatehouse"].metrics:
        metrics.close()


def test_requests_refusals_and_sign_ins_are_counted(make_counting, make: Factory, address):
    app, user = make_counting(), make.user()
    client = client_of(app, address)
    for password in (PASSWORD, "wrong", "wrong"):
        client.post(LOGIN, json={"email": user.email, "password": password})
    client.get("/nowhere/at/all")
    client.open("/nowhere/at/all", method="BREW")

    answer = read(app)
    text = answer.text

    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert all(LINE.match(line) for line in text.splitlines() if not line.startswith("#"))
    route = 'method="POST",route="/api/v1/auth/login",status='
    assert value(text, f'gatehouse_requests_total{{{route}"2xx"}}') == 1
    assert value(text, f'gatehouse_requests_total{{{route}"4xx"}}') == 2
    series = f'gatehouse_request_duration_seconds_bucket{{{route}"4xx",le="+Inf"}}'
    assert value(text, series) == 2
    assert value(text, 'gatehouse_refusals_total{type="AUTHENTICATION_ERROR"}') == 2
    assert value(text, 'gatehouse_sign_ins_total{outcome="success"}') == 1
    assert value(text, 'gatehouse_sign_ins_total{outcome="wrong_password"}') == 2
    assert value(text, 'gatehouse_events_total{event="auth.signed_in",reason=""}') == 1
    assert "nowhere" not in text
    assert "BREW" not in text
    assert user.email not in text


def test_jobs_the_outbox_and_the_build_are_told(make_counting):
    app = make_counting()
    app.test_cli_runner().invoke(args=["purge_expired"])

    text = read(app).text

    assert value(text, "gatehouse_database_up") == 1
    assert value(text, 'gatehouse_job_last_success_timestamp_seconds{job="purge_expired"}') > 1e9
    assert value(text, 'gatehouse_outbox_messages{state="dead"}') >= 0
    assert value(text, "gatehouse_outbox_oldest_seconds") >= 0
    assert value(text, "gatehouse_database_connections_in_use") >= 0
    assert f'gatehouse_build_info{{version="{__version__}",python="3' in text


@pytest.mark.integration
def test_without_the_database_what_was_counted_is_told(tmp_path):
    from gatehouse.app import create_app  # noqa: PLC0415

    settings = {
        "FLASK_ENV": "testing",
        "LOG_LEVEL": "error",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}",
        "METRICS_ENABLED": "true",
        "METRICS_DIR": str(tmp_path / "m"),
    }
    app = create_app(read_settings(settings))
    app.test_client().get("/api/health/live")

    text = read(app).text

    assert value(text, "gatehouse_database_up") == 0
    assert 'route="/api/health/live"' in text
    app.extensions["gatehouse"].metrics.close()
    app.extensions["gatehouse"].engine.dispose()


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("kind", ["granian", "gunicorn"])
def test_all_workers_are_added_up_and_those_that_died(migrated, tmp_path, kind):
    settings = {
        **migrated("sqlite"),
        "METRICS_ENABLED": "true",
        "METRICS_DIR": str(tmp_path / "m"),
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "warning",
    }
    series = 'gatehouse_requests_total{method="GET",route="/api/v1/health",status="2xx"}'

    def counted(server: GatehouseServer) -> float:
        return value(server.call("GET", "/metrics").body.decode(), series)

    with GatehouseServer(tmp_path / "server", settings, kind=kind, workers=2) as server:
        server.at_once([("GET", "/api/v1/health", None)] * 12)
        assert wait_until(lambda: counted(server) == 12)
        server.kill()
        server.start()
        server.at_once([("GET", "/api/v1/health", None)] * 12)
        assert wait_until(lambda: counted(server) == 24)


@pytest.mark.parametrize(
    "wrong", [{"METRICS_TOKEN": "short"}, {"METRICS_ALLOW": "everywhere"}], ids=str
)
def test_settings_that_are_wrong_are_refused(wrong):
    with pytest.raises(SettingsRefused, match=next(iter(wrong))):
        read_settings({"FLASK_ENV": "testing", **wrong})
