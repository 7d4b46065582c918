"""Races for the certificates of jobs between worker processes, with real requests."""

from collections.abc import Iterator

import pytest
from flask import Flask

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from tests.conftest import SETTINGS, WIDE, client_of
from tests.factories import Factory
from tests.serving import GatehouseServer
from tests.ssh_workloads.issuers import issuing
from tests.ssh_workloads.jobs import SIGN, Job, Yard

pytestmark = pytest.mark.integration


@pytest.fixture(scope="session")
def reaching_app(backend: dict[str, str]) -> Iterator[Flask]:
    settings = {**SETTINGS, **backend, **WIDE, "OUTBOUND_ALLOW": "127.0.0.0/8"}
    app = create_app(read_settings(settings))
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def yard(reaching_app: Flask, make: Factory, address: str) -> Iterator[Yard]:
    with issuing() as issuer:
        yield Yard(client_of(reaching_app, address), make, issuer)


def coming(yard: Yard, token: str) -> tuple[str, str, dict[str, object], str]:
    return "POST", SIGN, Job().body(str(yard.org.slug), token), token


def test_of_a_token_shown_at_once_comes_one_certificate(server: GatehouseServer, yard: Yard):
    """SSH-36: a replay in four processes, each with a key of its own."""
    yard.added()
    for _ in range(3):
        token = yard.issuer.token()
        replies = server.at_once([coming(yard, token) for _ in range(12)])
        # A process that has no keys yet lets few wait for them: 503.
        statuses = [reply.status for reply in replies]
        assert statuses.count(201) == 1
        assert set(statuses) <= {201, 409, 503}
    assert len(yard.listed()) == 3


def test_a_rule_that_goes_meanwhile_leaves_nothing(server: GatehouseServer, yard: Yard):
    """Threat 218: whichever comes first, nothing that is valid is left."""
    admin = yard.as_admin["Authorization"].removeprefix("Bearer ")
    for number in range(3):
        rule = yard.added(name=f"Rule {number}")
        calls = [coming(yard, yard.issuer.token()) for _ in range(8)]
        gone = ("DELETE", f"{yard.rules}/{rule['id']}", None, admin)

        replies = server.at_once([*calls[:4], gone, *calls[4:]])

        assert replies[4].status == 200
        assert {reply.status for reply in replies} <= {200, 201, 401, 503}
        rows = yard.listed()
        assert {row["state"] for row in rows} <= {"revoked"}
        krl = yard.krl()
        assert all(any(row["serial"] in each for each in krl.serials.values()) for row in rows)
