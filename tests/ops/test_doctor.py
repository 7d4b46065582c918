"""``doctor``: what is well, what is not, and what to do; each check within 2 seconds."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from time import monotonic
from uuid import uuid4

import pytest
from sqlalchemy import delete, update

from gatehouse import __version__
from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import ask_for_link
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.crypto import key_id
from gatehouse.core.idempotency import Once, keep
from gatehouse.ops.service import State
from gatehouse.ops.service.doctor import answer_to, is_ours, make_proof
from gatehouse.ops.service.doctor.examining import examine
from gatehouse.outbox.models import Message, Outcome
from gatehouse.scheduler.models import JobRun
from tests.conftest import client_of
from tests.peers import answer, peer, proxy
from tests.processes import free_port
from tests.serving import GatehouseServer, served
from tests.sink import certificate, only, sink

SEEN = "/api/health/seen"
ONE, OTHER = "one-key-of-this-test-0123456789abcdef", "other-key-of-this-test-0123456789abc"
SECRET = "a-secret-of-this-test-alone-0123456789"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def findings(app) -> dict:
    runtime = app.extensions["gatehouse"]
    found = examine(runtime, app.app_context)
    return {finding.check: finding for finding in found}


def test_it_says_line_by_line_what_is_so(app):
    result = app.test_cli_runner().invoke(args=["doctor"])

    lines = result.output.splitlines()
    assert lines[0].startswith(f"ok    version      {__version__}, Python 3")
    assert any(line.startswith("ok    database ") for line in lines)
    assert any(line.startswith("ok    schema ") for line in lines)
    assert any(line.startswith("fail  public url ") for line in lines)
    assert result.exit_code == 1


def test_a_machine_can_read_it(app):
    result = app.test_cli_runner().invoke(args=["doctor", "--json"])

    found = json.loads(result.output)
    assert {"check", "state", "says", "remedy"} == found[0].keys()
    assert {one["state"] for one in found} <= {"ok", "warn", "fail"}
    assert all(one["remedy"] for one in found if one["state"] != "ok")
    checks = {one["check"] for one in found}
    assert checks >= {"settings", "keys", "database", "clock", "schema", "redis", "mail"}
    assert checks >= {"public url", "certificate", "proxies", "outbox", "jobs"}


def test_no_secret_is_told(make_app):
    app = make_app(SECRET_KEY=SECRET, SMTP_HOST="127.0.0.1", SMTP_PASSWORD="hunter2-hunter2")

    said = app.test_cli_runner().invoke(args=["doctor"]).output

    assert SECRET not in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("settings", "check", "state"),
    [
        ({}, "keys", State.WARN),
        ({"SECRET_KEY": SECRET, "ENCRYPTION_KEY": SECRET}, "keys", State.WARN),
        ({"SECRET_KEY": "ab" * 20, "ENCRYPTION_KEY": SECRET}, "keys", State.WARN),
        ({"SECRET_KEY": SECRET, "ENCRYPTION_KEY": f"{SECRET}x,{SECRET}y"}, "keys", State.OK),
        ({"RATELIMIT_ENABLED": "false"}, "limits", State.WARN),
        ({"AUDIT_HEAD_FILE": "/dev/null"}, "head file", State.OK),
        ({"AUDIT_HEAD_FILE": "/nowhere/heads.jsonl"}, "head file", State.FAIL),
        ({"APP_URL": "https://user.invalid"}, "public url", State.FAIL),
        ({"APP_URL": "https://user.invalid"}, "certificate", State.FAIL),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "redis", State.WARN),
        ({"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "1"}, "mail", State.FAIL),
    ],
)
def test_what_is_found_for_these_settings(make_app, settings, check, state):
    found = findings(make_app(**settings))[check]

    assert found.state is state
    assert SECRET not in found.says


def test_a_mistyped_setting_is_told(app, monkeypatch):
    monkeypatch.setenv("REDIS_URI", "redis://:hunter2@redis")

    found = findings(app)["names"]

    assert (found.state, "Is REDIS_URL meant?" in found.says) == (State.WARN, True)
    assert "hunter2" not in found.says + found.remedy


@pytest.mark.parametrize("chosen", [{}, {"CONTACT_EMAIL": "us@example.test"}])
def test_production_is_warned_of_a_contact_address_that_nobody_has_chosen(make_app, chosen):
    app = make_app(
        FLASK_ENV="production",
        APP_URL="https://id.invalid",
        SECRET_KEY="kX9vQ2mT7pL4wZ8rB3nY6cF1hJ5dG0sA",
        ENCRYPTION_KEY="As0Gd5Jh1Fc6Yn3Br8Zw4Lp7Tm2Qv9Xk",
        BCRYPT_LOG_ROUNDS="12",
        **chosen,
    )

    found = findings(app)

    assert ("contact" in found) is (not chosen)
    if not chosen:
        assert found["contact"].state is State.WARN
        assert "CONTACT_EMAIL" in found["contact"].remedy


def test_what_is_not_well_says_what_to_do(app):
    """A remedy begins with a word that tells one to do something, and is no question."""
    for one in findings(app).values():
        assert bool(one.remedy) is (one.state is not State.OK), one
        assert "?" not in one.remedy, one
        assert one.remedy[:1].isupper() or not one.remedy, one


def test_a_database_without_tables_fails_with_the_remedy(app_on, empty_database):
    app = app_on(empty_database)
    app.extensions["gatehouse"].engine.connect().close()

    found = findings(app)

    assert found["database"].state is State.OK
    assert found["schema"].state is State.FAIL
    assert "manage.py db upgrade" in found["schema"].remedy
    for name in ("outbox", "jobs"):
        assert found[name].state is State.FAIL
        assert "schema" in found[name].remedy


def test_a_database_that_is_away_fails(app_on):
    found = findings(app_on("postgresql://x:y@127.0.0.1:1/nothing"))

    assert {found[name].state for name in ("database", "schema", "outbox")} == {State.FAIL}
    assert "refused" in found["database"].says
    assert "DATABASE_URL" in found["database"].remedy


def test_a_file_that_is_missing_is_named_and_not_made(app_on, tmp_path):
    path = tmp_path / "missing.db"

    found = findings(app_on(f"sqlite:///{path}"))

    assert found["database"].says == f"there is no file {path}"
    assert {found[name].state for name in ("database", "schema", "sealed")} == {State.FAIL}
    assert list(tmp_path.iterdir()) == []


def test_a_redis_that_is_away_has_a_reason(make_app):
    found = findings(make_app(REDIS_URL="redis://127.0.0.1:1/0"))["redis"]

    assert "refused" in found.says
    assert "REDIS_URL" in found.remedy


def test_a_redis_that_wants_a_password_says_so(make_app, redis_server):
    url = f"redis://127.0.0.1:{redis_server.port}/0"

    assert "Authentication" in findings(make_app(REDIS_URL=url))["redis"].says


def test_a_name_that_leads_nowhere_is_told_from_a_service_that_is_away(make_app):
    found = findings(make_app(APP_URL="https://user.invalid"))

    assert "cannot be found" in found["public url"].says
    assert "DNS" in found["public url"].remedy
    assert "Renew" not in found["certificate"].remedy


@pytest.mark.parametrize(
    ("keys", "state", "says"),
    [
        (ONE, State.OK, "2 sealed rows were tried"),
        (f"{OTHER},{ONE}", State.OK, "2 sealed rows were tried"),
        (OTHER, State.FAIL, f"2 of 2 sealed rows do not open; their key was {key_id(ONE)}"),
    ],
)
def test_the_keys_are_tried_on_what_lies_sealed(app_on, tmp_path, keys, state, says):
    """A key that was lost is found out here, not by whoever needs what it sealed."""
    url = f"sqlite:///{tmp_path / 'sealed.db'}"
    app = app_on(url, ENCRYPTION_KEY=ONE)
    assert app.test_cli_runner().invoke(args=["init-db"]).exit_code == 0
    nothing = findings(app)["sealed"]
    with unit_of_work(app.extensions["gatehouse"], Origin()) as ctx:
        keep(ctx, Once(b"k" * 32, b"r" * 32), (HTTPStatus.CREATED, {}, {}))
        ask_for_link(ctx, email="kim@example.test", purpose=LinkPurpose.RESET)

    found = findings(app_on(url, ENCRYPTION_KEY=keys))["sealed"]

    assert (nothing.state, nothing.says[:7]) == (State.OK, "nothing")
    assert (found.state, says in found.says) == (state, True), found
    assert ONE not in found.says + found.remedy


@pytest.mark.integration
def test_a_service_on_another_database_is_found_out(make_app, app_on, tmp_path):
    port = free_port()
    chosen = {"APP_URL": f"http://localhost:{port}", "SECRET_KEY": SECRET}
    other = app_on(f"sqlite:///{tmp_path / 'other.db'}", **chosen)
    other.test_cli_runner().invoke(args=["init-db"])
    ours = make_app(**chosen)

    with served(ours, port):
        right = findings(ours)["public url"]
        wrong = findings(other)["public url"]

    assert right.state is State.OK, right
    assert (wrong.state, "another database" in wrong.says) == (State.FAIL, True)
    assert "DATABASE_URL" in wrong.remedy


def test_nobody_is_waited_for(make_app):
    with peer(lambda _, over: over.wait(20)) as mute:
        url = f"http://127.0.0.1:{mute.port}"
        settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mute.port), "APP_URL": url}
        app = make_app(**settings)
        started = monotonic()
        found = findings(app)
        took = monotonic() - started

    assert took < 6
    assert {found[name].state for name in ("mail", "public url")} == {State.FAIL}


def test_the_mail_server_is_tried_and_gets_no_mail(make_app, tmp_path, monkeypatch):
    certificates, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    guard = {"authenticator": only("bob", "secret"), "auth_required": True}
    with sink(tls_context=context, require_starttls=True, **guard) as server:
        settings = {**server.settings, "SMTP_USE_TLS": "true", "SMTP_USER": "bob"}
        right = findings(make_app(**settings, SMTP_PASSWORD="secret"))["mail"]
        wrong = findings(make_app(**settings, SMTP_PASSWORD="wrong"))["mail"]

    assert (right.state, wrong.state) == (State.OK, State.FAIL)
    assert server.mails == []


def test_messages_that_wait_or_were_given_up_are_told(make_app, runtime):
    app = make_app()
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))
    assert findings(app)["outbox"].state is State.OK
    old = NOW - timedelta(days=1)
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add(
            Message(
                handler="tests.ring",
                event="x",
                payload={},
                request_id="r",
                due_at=old,
                created_at=old,
            )
        )
    assert "python manage.py worker" in findings(app)["outbox"].remedy
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(update(Message).values(outcome=Outcome.DEAD, settled_at=ctx.now))
    assert "python manage.py outbox" in findings(app)["outbox"].remedy
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))


def test_jobs_that_ran_are_well(make_app, runtime):
    app = make_app()
    run_all_jobs(app, runtime)

    assert findings(app)["jobs"].state is State.OK


def run_all_jobs(app, runtime) -> None:
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(JobRun))
        gone = f"gone_{uuid4().hex[:8]}"
        ctx.db.add(JobRun(name=gone, started_at=ctx.now, finished_at=ctx.now, error="ValueError"))
    for name, job in app.extensions["gatehouse"].jobs.items():
        if job.alone:
            app.test_cli_runner().invoke(args=[name])


def test_a_job_that_ran_at_a_time_to_come_is_told(make_app, runtime):
    """Threat 240."""
    app = make_app()
    run_all_jobs(app, runtime)
    row = update(JobRun).where(JobRun.name == "purge_outbox")
    with unit_of_work(runtime, Origin()) as ctx:
        ahead = ctx.now + timedelta(days=30)
        ctx.db.execute(row.values(started_at=ahead, succeeded_at=ahead))

    found = findings(app)["jobs"]

    assert (found.state, "purge_outbox" in found.says) == (State.FAIL, True)
    app.test_cli_runner().invoke(args=["purge_outbox"])
    assert findings(app)["jobs"].state is State.OK


@pytest.mark.slow
@pytest.mark.integration
def test_the_proxies_are_tried_with_lies(backend, tmp_path, make_app):
    """Granian takes X_Forwarded_For for X-Forwarded-For: a proxy that passes it is found out."""
    settings = {**backend, "TRUSTED_PROXY_HOPS": "1", "SECRET_KEY": SECRET}
    server = GatehouseServer(tmp_path / "server", settings, workers=1)
    server.port = free_port()

    def through(port: int, **more: str):
        app = make_app(APP_URL=f"http://127.0.0.1:{port}", SECRET_KEY=SECRET, **more)
        return findings(app)

    with server:
        with proxy(server.port) as port:
            good = through(port, TRUSTED_PROXY_HOPS="1")
        with proxy(server.port, drops_underscores=False) as port:
            passing = through(port, TRUSTED_PROXY_HOPS="1")
        direct = through(server.port, TRUSTED_PROXY_HOPS="1")

    assert good["public url"].state is State.OK, good["public url"]
    assert good["proxies"].state is State.OK, good["proxies"]
    assert "192.0.2.9" in good["proxies"].says
    assert passing["proxies"].state is State.FAIL, passing["proxies"]
    assert "underscore" in passing["proxies"].remedy
    assert direct["proxies"].state is State.FAIL
    assert "TRUSTED_PROXY_HOPS" in direct["proxies"].remedy


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"data": 1}', b'{"data": {"address": "1.1.1.1", "answer": "x"}}'],
)
def test_another_service_does_not_pass_for_ours(make_app, body):
    text = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with peer(answer(text)) as server:
        found = findings(make_app(APP_URL=f"http://127.0.0.1:{server.port}"))

    assert found["public url"].state is State.FAIL
    assert "something else" in found["public url"].says
    assert found["proxies"].state is State.WARN


def test_nobody_but_the_doctor_is_told_what_is_seen(make_app, address):
    client = client_of(make_app(SECRET_KEY=SECRET), address)
    proof = make_proof(SECRET, datetime.now(UTC))

    told = client.get(f"{SEEN}?proof={proof}")
    refused = [
        client.get(f"{SEEN}?proof={wrong}").status_code
        for wrong in (f"{proof}x", "x", ".", "1.x", make_proof("another", datetime.now(UTC)))
    ]

    assert told.json["data"] == {
        "address": address,
        "answer": answer_to(SECRET, proof),
        "same_database": False,
    }
    assert set(refused) == {404}
    assert client.get(SEEN).status_code == 400


@pytest.mark.parametrize(
    ("ago", "verdict"), [(0, True), (599, True), (601, False), (-599, True), (-601, False)]
)
def test_a_proof_holds_for_ten_minutes(ago, verdict):
    proof = make_proof(SECRET, NOW - timedelta(seconds=ago))

    assert is_ours(SECRET, proof, NOW) is verdict
    assert not is_ours(SECRET, proof.replace(".", ".0"), NOW)
    assert not is_ours(SECRET, "٣" + proof, NOW)
