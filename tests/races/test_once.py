"""Eight at once with one Idempotency-Key, and callers who hang up: one act each (threat 175)."""

import json
import socket
from time import sleep
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from gatehouse.organizations.models import Organization
from tests.factories import Factory
from tests.processes import wait_until
from tests.serving import GatehouseServer

pytestmark = pytest.mark.integration
ORGS = "/api/v1/organizations"


def acts(db, name: str) -> int:
    db.rollback()
    rows = select(func.count()).select_from(Organization).where(Organization.name == name)
    return db.scalar(rows)


def test_eight_at_once_do_it_once(server: GatehouseServer, make: Factory, db):
    for _ in range(4):
        name, token = f"Once {uuid4().hex}", make.session(make.user().id)
        headers = {"Idempotency-Key": uuid4().hex}

        calls = [("POST", ORGS, {"name": name}, token)] * 8
        replies = server.at_once(calls, headers=headers)
        last = server.call("POST", ORGS, {"name": name}, token=token, headers=headers)

        assert {reply.status for reply in replies} <= {201, 409}
        assert acts(db, name) == 1
        made = [reply.json["data"] for reply in replies if reply.status == 201]
        assert made
        assert all(data == last.json["data"] for data in made)
        assert (last.status, last.headers["idempotent-replay"]) == (201, "true")
        waiting = [reply for reply in replies if reply.status == 409]
        assert all(reply.headers["retry-after"] == "1" for reply in waiting)


def test_who_never_hears_the_answer_gets_it_when_asking_again(
    server: GatehouseServer, make: Factory, db
):
    name, token, key = f"Lost {uuid4().hex}", make.session(make.user().id), uuid4().hex
    body = json.dumps({"name": name}).encode()
    head = [
        f"POST {ORGS} HTTP/1.1",
        "Host: x",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Authorization: Bearer {token}",
        f"Idempotency-Key: {key}",
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
        sleep(0.05)
    assert wait_until(lambda: acts(db, name) == 1)

    again = None
    while again is None or again.status == 409:
        again = server.call("POST", ORGS, body, token=token, headers={"Idempotency-Key": key})

    assert (again.status, again.headers["idempotent-replay"]) == (201, "true")
    assert acts(db, name) == 1
