"""How often clients are used: counted on the way, written once a minute at most."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from gatehouse.clients.jobs import purge_clients
from gatehouse.clients.models import Client, ClientUse
from gatehouse.clients.service import Uses, note_use, write_uses
from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from tests.clients.conftest import Manager
from tests.factories import Factory
from tests.relying import Person, Rp, basic, make_client
from tests.serving import GatehouseServer
from tests.statements import statements_of


@pytest.fixture
def used(open_app: Flask, make: Factory, org: Any, address: str) -> Rp:
    """An application of the organization that somebody signed in to, and that asked of tokens."""
    runtime = open_app.extensions["gatehouse"]
    rp = Rp(open_app, make_client(runtime, org), address)
    user = make.user()
    make.member(org, user=user)
    person = Person(open_app, user.email, REMOTE_ADDR=address)
    tokens = person.tokens_for(rp, scope="openid offline_access")
    for _ in range(2):
        rp.introspect(tokens["access_token"])
    rp.refresh(tokens["refresh_token"])
    return rp


def test_uses_are_told_by_day_and_kind(open_app: Flask, admin: Manager, used: Rp):
    write_uses(open_app.extensions["gatehouse"])

    path = f"/{used.client.id}/statistics"
    said = admin.call("GET", path).json["data"]["statistics"]
    today = datetime.now(UTC).date().isoformat()
    assert said["last_used_at"].startswith(today)
    assert said["uses"] == [
        {"day": today, "kind": "introspection", "count": 2},
        {"day": today, "kind": "refresh", "count": 1},
        {"day": today, "kind": "sign_in", "count": 1},
        {"day": today, "kind": "token", "count": 1},
    ]
    assert admin.call("GET", f"{path}?days=401").status_code == 400


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("kind", ["granian", "gunicorn"])
def test_a_worker_that_stops_in_good_order_writes_what_it_counted(
    migrated: Any, tmp_path: Path, kind: str
):
    settings = {
        **migrated("sqlite"),
        "OIDC_REGISTRATION": "open",
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "warning",
    }
    asked = {"grant_types": ["client_credentials"], "response_types": [], "redirect_uris": []}
    with GatehouseServer(tmp_path / "server", settings, kind=kind, workers=2) as server:
        made = server.call("POST", "/oidc/register", {"client_name": "Reports", **asked})
        assert made.status == 201, made.body
        headers = basic(made.json["client_id"], made.json["client_secret"])
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        for _ in range(6):
            form = b"grant_type=client_credentials"
            answer = server.call("POST", "/oidc/token", form, headers=headers)
            assert answer.status == 200, answer.body

    engine = create_engine(settings["DATABASE_URL"])
    with engine.connect() as db:
        its = select(ClientUse.count).join(Client, Client.id == ClientUse.client_row_id)
        its = its.where(Client.client_id == made.json["client_id"], ClientUse.kind == "token")
        assert db.scalars(its).all() == [6]
    engine.dispose()


def test_what_several_wrote_is_added_up(open_app: Flask, db: Session, used: Rp):
    runtime = open_app.extensions["gatehouse"]
    write_uses(runtime)
    used.introspect("unknown")
    write_uses(runtime)
    write_uses(runtime)

    counts = select(ClientUse.count).where(
        ClientUse.client_row_id == used.client.id, ClientUse.kind == "introspection"
    )
    assert db.scalars(counts).all() == [3]


def test_no_request_writes_what_it_counts(open_app: Flask, used: Rp):
    runtime = open_app.extensions["gatehouse"]
    write_uses(runtime)

    with statements_of(runtime) as said:
        used.introspect("unknown")

    assert not [one for one in said if "client_uses" in str(one)]
    write_uses(runtime)


def test_what_is_undone_is_not_counted(open_app: Flask, org: Any, make: Factory, db: Session):
    runtime: Runtime = open_app.extensions["gatehouse"]
    client = make.client(org)

    with pytest.raises(ZeroDivisionError), unit_of_work(runtime, Origin("test")) as ctx:
        note_use(ctx, client.id, "token")
        raise ZeroDivisionError
    write_uses(runtime)

    assert db.scalar(select(ClientUse).where(ClientUse.client_row_id == client.id)) is None


def test_a_client_that_is_gone_stands_in_nobodys_way(
    runtime: Runtime, org: Any, make: Factory, db: Session
):
    client, gone, uses, now = make.client(org), uuid4(), Uses(), datetime.now(UTC)

    uses.note(runtime.short, gone, "token", now)
    uses.note(runtime.short, client.id, "token", now)
    uses.write(runtime.short)

    assert db.scalar(select(ClientUse.count).where(ClientUse.client_row_id == client.id)) == 1
    assert db.scalar(select(ClientUse).where(ClientUse.client_row_id == gone)) is None


def test_old_counts_are_purged(ctx: Context, org: Any, make: Factory, db: Session):
    client = make.client(org)
    days = (ctx.now.date() - timedelta(days=399), ctx.now.date() - timedelta(days=401))
    for day in days:
        values = {"client_row_id": client.id, "day": day, "kind": "token", "count": 1}
        ctx.db.execute(insert(ClientUse).values(id=uuid4(), created_at=ctx.now, **values))

    assert purge_clients(ctx) >= 1

    left = select(ClientUse.day).where(ClientUse.client_row_id == client.id)
    assert ctx.db.scalars(left).all() == [days[0]]
