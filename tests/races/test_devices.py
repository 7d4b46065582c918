"""Eight polls at once for one device: tokens once (DEV-10). A yes and a no at once: one of them."""

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.models import DeviceRequest, DeviceStatus
from gatehouse.oidc_provider.rules.devices import user_code_of
from tests.factories import Factory
from tests.relying import OURS, TERMS, TOKEN, Person, Rp, basic, make_client
from tests.serving import GatehouseServer

pytestmark = pytest.mark.integration
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def rp(open_app: Flask, runtime: Runtime) -> Rp:
    """A client with devices that need not be typed in."""
    client = make_client(runtime, grant_types=[GRANT], device_flow_confirm=False)
    return Rp(open_app, client)


@pytest.fixture
def person(open_app: Flask, make: Factory) -> Person:
    found = Person(open_app, make.user().email)
    found.sign_in(found.open("/login"))
    return found


def begun(rp: Rp) -> dict[str, Any]:
    headers = basic(rp.client_id)
    return rp.http.post("/oidc/device_authorization", data={}, headers=headers).json


def asked(person: Person, told: dict[str, Any]) -> Any:
    return person.post("/device", person.open("/device"), user_code=told["user_code"])


def test_one_of_eight_polls_gets_the_tokens(server: GatehouseServer, rp: Rp, person: Person):
    headers = {**basic(rp.client_id), "Content-Type": FORM}
    for _ in range(4):
        told = begun(rp)
        page = asked(person, told)
        person.post(page.request.path, page, answer="allow")
        body = urlencode({"grant_type": GRANT, "device_code": told["device_code"]}).encode()

        replies = server.at_once([("POST", "/oidc/token", body)] * 8, headers=headers)

        assert sorted(reply.status for reply in replies) == [200, *[400] * 7]
        errors = {reply.json["error"] for reply in replies if reply.status == 400}
        assert errors == {"invalid_grant"}


def test_of_a_yes_and_a_no_at_once_one_counts(
    server: GatehouseServer, rp: Rp, person: Person, db: Any
):
    cookie = person.http.get_cookie("gatehouse_session").value
    headers = {**OURS, "Content-Type": FORM, "Cookie": f"gatehouse_session={cookie}"}
    headers["Origin"] = f"http://localhost:{server.port}"
    for _ in range(4):
        told = begun(rp)
        page = asked(person, told)
        hidden = {"form_token": TOKEN.findall(page.text)[0], "terms": TERMS.findall(page.text)[0]}
        calls = [
            ("POST", page.request.path, urlencode({**hidden, "answer": answer}).encode())
            for answer in ("allow", "deny") * 4
        ]

        replies = server.at_once(calls, headers=headers)

        assert sorted(reply.status for reply in replies) == [200, *[400] * 7]
        done = next(reply for reply in replies if reply.status == 200)
        says_yes = b"is let in" in done.body
        db.rollback()
        code = user_code_of(told["user_code"])
        status = db.scalar(select(DeviceRequest.status).where(DeviceRequest.user_code == code))
        assert status is (DeviceStatus.APPROVED if says_yes else DeviceStatus.DENIED)
