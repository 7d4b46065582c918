"""Nothing grows without end: what is kept for a time is gone after it (bar R6)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from gatehouse.app import create_app
from gatehouse.core.db import Model
from gatehouse.core.settings import read_settings
from gatehouse.ops.service import migrate
from gatehouse.scheduler.service import run_once
from tests.conftest import SETTINGS, client_of
from tests.factories import PASSWORD, Factory
from tests.mailbox import Mailbox

API = "/api/v1"
STEP = timedelta(days=6)
STEPS = 23
FULL = 18  # steps, after which whatever is kept longest (90 days) is replaced by what is new
# The record has its own tests (tests/audit/test_retention.py): ids made in a time that was moved
# are out of order. A name stays for each account and organization that there ever was.
NOT_HERE = {"audit_entries", "audit_blocks", "audit_block_entries", "audit_subjects"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """On SQLite: the clock of PostgreSQL would not come along."""
    settings = {
        **SETTINGS,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}",
        "RATELIMIT_ENABLED": "false",
    }
    app = create_app(read_settings(settings), Mailer=Mailbox())
    with app.app_context():
        migrate(app.extensions["gatehouse"], app.extensions["migrate"])
    yield app
    app.extensions["gatehouse"].engine.dispose()


def live_for_a_day(client: FlaskClient, person: dict[str, str]) -> None:
    """Every kind of row that comes and goes, once."""
    guest = f"{uuid4().hex}@example.test"
    new = {"email": guest, "password": PASSWORD, "password_confirm": PASSWORD}
    session = client.post(f"{API}/auth/login", json=person).json["data"]["token"]
    headers = {"Authorization": f"Bearer {session}"}
    client.post(f"{API}/auth/login", json={**person, "password": "wrong"})
    client.post(f"{API}/auth/forgot-password", json={"email": person["email"]})
    enquiry = {"name": "Kim", "email": guest, "enquiry_type": "general", "message": "Good day."}
    client.post(f"{API}/contact", json=enquiry)
    once = {**headers, "Idempotency-Key": uuid4().hex}
    slug = f"org-{uuid4().hex[:8]}"
    made = client.post(f"{API}/organizations", json={"name": slug, "slug": slug}, headers=once)
    org = f"{API}/organizations/{made.json['data']['organization']['id']}"
    client.post(f"{org}/invites", json={"email": guest, "role": "member"}, headers=headers)
    client.post(f"{org}/departments", json={"name": "Work"}, headers=headers)
    client.post(f"{org}/principals", json={"name": "deploy"}, headers=headers)
    client.post(f"{org}/domains", json={"domain": f"{slug}.example"}, headers=headers)
    assert client.delete(org, headers=headers).status_code == 200
    stranger = client.post(f"{API}/auth/register", json=new).json["data"]["token"]
    ended = client.delete(
        f"{API}/users/me",
        json={"password": PASSWORD},
        headers={"Authorization": f"Bearer {stranger}"},
    )
    assert ended.status_code == 200


def sizes(app: Flask) -> dict[str, int]:
    with app.extensions["gatehouse"].reading() as db:
        return {
            table.name: db.scalar(
                select(func.count()).select_from(table).execution_options(with_removed=True)
            )
            for table in Model.metadata.sorted_tables
            if table.name not in NOT_HERE
        }


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_no_table_grows_from_month_to_month(app: Flask):
    runtime, client = app.extensions["gatehouse"], client_of(app)
    seen: list[dict[str, int]] = []
    with time_machine.travel(datetime.now(UTC) - STEPS * STEP, tick=False) as clock:
        person = {"email": Factory(runtime).user().email, "password": PASSWORD}
        for _ in range(STEPS):
            live_for_a_day(client, person)
            clock.shift(STEP)
            for job in runtime.jobs.values():
                run_once(runtime, job)
            seen.append(sizes(app))

    assert seen[FULL:] == [seen[FULL]] * (STEPS - FULL)
    assert seen[FULL]["sessions"] > seen[0]["sessions"]
