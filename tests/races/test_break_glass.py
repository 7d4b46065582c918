"""Races for the certificate for emergencies between worker processes, with real requests."""

import pytest
from flask import Flask

from tests.conftest import client_of
from tests.factories import Factory
from tests.serving import GatehouseServer
from tests.ssh_break_glass.cases import PASSPHRASE, Case

pytestmark = pytest.mark.integration


def test_of_many_that_are_sealed_at_once_one_is_left(
    server: GatehouseServer, open_app: Flask, make: Factory, address: str
):
    """R24: never two, whoever was first."""
    case = Case(client_of(open_app, address), make)
    owner = case.as_owner["Authorization"].removeprefix("Bearer ")
    body = {"passphrase": PASSPHRASE, "days": 30}

    replies = server.at_once([("POST", f"{case.place}/seal", body, owner)] * 5)

    assert {reply.status for reply in replies} == {200}
    told = [reply.json["data"]["break_glass"] for reply in replies]
    state = case.state()
    assert state["certificate_id"] in [one["certificate_id"] for one in told]
    rows = [row for row in case.found() if row["holder"] == "break_glass"]
    assert sorted(row["state"] for row in rows) == ["revoked"] * 4 + ["valid"]
    assert len(case.bundle()) == 2
    assert len(case.krl().keys) == 4
