"""A body that is held back gains no time: rights are looked up when all of it is there."""

import json
import socket
from time import sleep

import pytest

from gatehouse.core.roles import Role
from tests.factories import Factory
from tests.serving import GatehouseServer

pytestmark = pytest.mark.integration


class HeldBody:
    """A request whose headers are sent, and whose body is not yet."""

    def __init__(self, server: GatehouseServer, method: str, path: str, body: dict, token: str):
        self._body = json.dumps(body).encode()
        head = [
            f"{method} {path} HTTP/1.1",
            "Host: x",
            "Content-Type: application/json",
            f"Content-Length: {len(self._body)}",
            f"Authorization: Bearer {token}",
            "Connection: close",
        ]
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self._socket.sendall("\r\n".join([*head, "", ""]).encode())
        sleep(0.2)

    def finish(self) -> int:
        """Send the body, and return the status of the answer."""
        with self._socket:
            self._socket.sendall(self._body)
            return int(self._socket.makefile("rb").read().split()[1])


def test_a_session_that_ended_meanwhile_does_nothing(server: GatehouseServer, make: Factory):
    user = make.user()
    thief, owner = make.session(user.id), make.session(user.id)
    held = HeldBody(server, "DELETE", "/api/v1/users/me", {}, thief)
    assert server.call("DELETE", "/api/v1/auth/sessions", token=owner).status == 200

    assert held.finish() == 401

    assert server.call("GET", "/api/v1/users/me", token=owner).status == 200


def test_an_admin_who_was_removed_meanwhile_changes_nothing(server: GatehouseServer, make: Factory):
    org = make.organization()
    owner, admin = make.member(org, Role.OWNER), make.member(org, Role.ADMIN)
    path = f"/api/v1/organizations/{org.id}"
    held = HeldBody(server, "PATCH", path, {"name": "Taken"}, make.session(admin.user_id))
    gone = server.call(
        "DELETE", f"{path}/members/{admin.user_id}", token=make.session(owner.user_id)
    )
    assert gone.status == 200

    assert held.finish() == 404


def test_nobody_waits_for_a_body_that_is_held_back(server: GatehouseServer, make: Factory):
    """On SQLite one writer at a time: it must not be the one who holds back a body."""
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    path = f"/api/v1/organizations/{org.id}"
    held = HeldBody(server, "PATCH", path, {"name": "Slow"}, make.session(owner.user_id))

    other = make.session(make.user().id)
    reply = server.call("PATCH", "/api/v1/users/me", {"full_name": "Quick"}, token=other, timeout=3)

    assert reply.status == 200
    assert held.finish() == 200
