"""Races for codes of factors between worker processes, with real requests."""

from typing import Any

import pytest
from flask import Flask
from pyotp import TOTP

from gatehouse.core.runtime import Runtime
from tests.conftest import client_of
from tests.factories import Factory
from tests.mfa.owners import FACTOR, VERIFY, Owner
from tests.serving import GatehouseServer

pytestmark = pytest.mark.integration


@pytest.fixture
def owner(open_app: Flask, make: Factory, runtime: Runtime, address: str) -> Owner:
    found = Owner(client_of(open_app, address), make, runtime)
    found.codes = found.enrol()["backup_codes"]
    return found


def answers(owner: Owner, code: str, **more: Any) -> list[tuple[Any, ...]]:
    """The same code in eight sign-ins that wait."""
    tokens = [owner.begin()["mfa_token"] for _ in range(8)]
    return [("POST", FACTOR, {"mfa_token": each, "code": code, **more}) for each in tokens]


def refused_but_one(replies: list[Any]) -> bool:
    first, *others = sorted(reply.status for reply in replies)
    return first == 200 and set(others) <= {401, 429}


def test_one_of_eight_uses_a_code(server: GatehouseServer, owner: Owner):
    """Threat 125."""
    assert refused_but_one(server.at_once(answers(owner, owner.app.now())))


def test_one_of_eight_uses_a_recovery_code(server: GatehouseServer, owner: Owner):
    """Threat 131."""
    replies = server.at_once(answers(owner, owner.codes[0], is_backup_code=True))

    assert refused_but_one(replies)


def test_one_of_eight_answers_goes_on(server: GatehouseServer, owner: Owner):
    """Threats 115 and 128: five are looked at, one is let in."""
    body = {"mfa_token": owner.begin()["mfa_token"], "is_backup_code": True}

    replies = server.at_once([("POST", FACTOR, {**body, "code": c}) for c in owner.codes[:8]])

    assert refused_but_one(replies)


def test_an_app_is_confirmed_once(server: GatehouseServer, open_app: Flask, make, runtime, address):
    """Threat 125: and the code that confirmed it signs nobody in."""
    owner = Owner(client_of(open_app, address), make, runtime)
    begun = owner.http.post("/api/v1/auth/totp/enroll", headers=owner.headers).json["data"]
    code = {"code": TOTP(begun["secret"]).now()}
    token = owner.headers["Authorization"].removeprefix("Bearer ")

    replies = server.at_once([("POST", VERIFY, code, token)] * 8)

    statuses = sorted(reply.status for reply in replies)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {401, 409, 429}
    assert owner.answer(owner.begin()["mfa_token"], code["code"]).status_code == 401
