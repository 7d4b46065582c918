"""Registrations, looked after by the programs that they are of (RFC 7592)."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gatehouse.clients.models import Client
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.service.registration import GIVEN
from tests.oidc_provider.programs import BACK, LEAST, OPEN, Program
from tests.relying import ISSUER


@pytest.fixture
def program(common_app: Any, address: str) -> Program:
    return Program(common_app(**OPEN), address)


def test_a_registration_is_read_by_its_token_alone(program: Program):
    """DCR-20, DCR-21."""
    told, other = program.done(client_name="App"), program.done()

    read = program.call("GET", told)
    assert read.status_code == 200
    assert read.json["client_name"] == "App"
    assert read.json["client_id"] == told["client_id"]
    for token in ("", "x", told["client_secret"], other["registration_access_token"]):
        for method in ("GET", "PUT", "DELETE"):
            reply = program.call(method, told, token, json={"client_id": told["client_id"]})
            assert reply.status_code == 401, (method, token)
            assert "App" not in reply.text
    unknown = {**told, "registration_client_uri": f"{ISSUER}/oidc/register/%00unknown"}
    assert program.call("GET", unknown).status_code == 401


def test_a_registration_is_replaced_as_a_whole(program: Program):
    """DCR-22, DCR-23, DCR-27: what is left out has its default again, and the token is another."""
    told = program.done(client_name="App", contacts=["a@example.com"], default_max_age=60)
    sent = {"client_id": told["client_id"], "redirect_uris": ["https://b.example.com/cb"]}

    for wrong in ({"client_id": "other"}, {"client_secret": "chosen"}, {"redirect_uris": ["x"]}):
        assert program.call("PUT", told, json={**sent, **wrong}).status_code == 400
    for name in GIVEN:
        refused = program.call("PUT", told, json={**sent, name: told[name]})
        assert (refused.status_code, refused.json["error"]) == (400, "invalid_client_metadata")
        assert refused.json["error_description"].startswith(f"{name}: Must not be sent")
    assert program.call("PUT", told, json=LEAST).status_code == 400
    replaced = program.call("PUT", told, json={**sent, "client_secret": told["client_secret"]})

    assert replaced.status_code == 200, replaced.text
    assert replaced.json["redirect_uris"] == ["https://b.example.com/cb"]
    assert replaced.json["client_id"] == told["client_id"]
    assert replaced.json["contacts"] == []
    assert "default_max_age" not in replaced.json
    assert replaced.json["registration_access_token"] != told["registration_access_token"]
    assert program.call("GET", told).status_code == 401
    assert program.call("GET", replaced.json).status_code == 200


def test_what_a_program_sends_has_to_go_with_what_people_chose(
    program: Program, runtime: Runtime, db: Session
):
    """DCR-05, DCR-22."""
    told = program.done()
    with unit_of_work(runtime, Origin("test")) as ctx:
        row = ctx.db.scalar(select(Client).where(Client.client_id == told["client_id"]))
        row.settings = {**row.settings, "require_pkce": False}
    sent = {"client_id": told["client_id"], **LEAST}

    reply = program.call("PUT", told, json={**sent, "token_endpoint_auth_method": "none"})

    assert (reply.status_code, reply.json["error"]) == (400, "invalid_client_metadata")
    assert reply.json["error_description"].startswith("require_pkce: Must be true")
    assert program.call("PUT", told, json=sent).status_code == 200


def test_a_client_that_becomes_confidential_gets_a_secret(program: Program):
    told = program.done(token_endpoint_auth_method="none")

    replaced = program.call("PUT", told, json={"client_id": told["client_id"], **LEAST}).json

    assert len(replaced["client_secret"]) == 53


def test_a_registration_ends_with_all_that_it_gave(program: Program):
    """DCR-24."""
    told = program.done(grant_types=["client_credentials"], redirect_uris=[])
    proof = (told["client_id"], told["client_secret"])
    data = {"grant_type": "client_credentials"}
    assert program.http.post("/oidc/token", data=data, auth=proof).status_code == 200

    gone = program.call("DELETE", told)

    assert (gone.status_code, gone.data) == (204, b"")
    assert program.http.post("/oidc/token", data=data, auth=proof).status_code == 401
    assert program.call("GET", told).status_code == 401


@pytest.mark.parametrize("fields", [{"is_active": False}, {"is_trusted": True}], ids=str)
def test_a_registration_token_brings_nothing_back_and_widens_nothing(
    program: Program, runtime: Runtime, db: Session, fields: dict[str, bool]
):
    """Threat 25: who is switched off stays so, and who is trusted stays where it leads."""
    told = program.done()
    with unit_of_work(runtime, Origin("test")) as ctx:
        changed = update(Client).where(Client.client_id == told["client_id"])
        ctx.execute(changed.values(**fields))
    moved = {"client_id": told["client_id"], "redirect_uris": ["https://b.example.com/cb"]}

    reply = program.call("PUT", told, json=moved)

    assert reply.status_code == (400 if "is_trusted" in fields else 401)
    row = db.scalar(select(Client).where(Client.client_id == told["client_id"]))
    assert row.settings["redirect_uris"] == [BACK]
    if "is_active" in fields:
        assert not row.is_active
        for method in ("GET", "DELETE"):
            assert program.call(method, told).status_code == 401
